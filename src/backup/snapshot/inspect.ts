/** `inspectSnapshot`: what `etcdutl snapshot status` says and more, proved by the SHA-256 that status does not check. */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { systemClock } from "../../base/clock.ts";
import { checkOptions } from "../../base/known-options.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import { inParallel } from "../files/in-parallel.ts";
import type { SnapshotInfo } from "../files/snapshot-info.ts";
import { examine } from "../records/examine.ts";

/**
 * Reads the whole file once for its hash and once for its pages, in bounded memory.
 * @throws INVALID_ARGUMENT when there is no such file; CORRUPT_SNAPSHOT with the offset for any damage
 */
export async function inspectSnapshot(
  path: string,
  options: OpenSnapshotOptions & Call = {},
): Promise<SnapshotInfo> {
  checkOptions(options, "inspect a snapshot", { ...callNames, ...openSnapshotNames });
  using scope = new CallScope(options, systemClock, `inspect snapshot "${path}"`);
  await using file = await SnapshotFile.open(path, options);
  const { signal } = scope;
  const [, { info }] = await inParallel([file.checkHash(signal), examine(file, { signal })]);
  return info;
}
