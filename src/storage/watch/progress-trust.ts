/**
 * Whether etcd's progress notices can be believed: below 3.4.25 and 3.5.8 one can run ahead of events not yet
 * delivered, and below 3.4.31 and 3.5.13 a quiet watch may never get one.
 */
import type { Call } from "../../base/call.ts";
import type { Etcd } from "../../etcd/ports/ports.ts";

/** True when every member asked so far answers progress requests truly. */
export async function progressIsReliable(
  etcd: Pick<Etcd, "serverVersion">,
  call: Call = {},
): Promise<boolean> {
  const version = await etcd.serverVersion(call);
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  if (minor === 5) return patch >= 13;
  return minor > 5;
}
