/** A member's probe in one line: `ok`, or the checks that fail and why. */
import type { Probe } from "keelson/etcd";

export function probeText({ ok, checks }: Probe): string {
  if (ok) return "ok";
  const failing = checks.filter((check) => !check.ok);
  const names = failing.map(({ name, reason }) => (reason === undefined ? name : `${name} (${reason})`));
  return `not ok: ${names.length === 0 ? "it does not say why" : names.join(", ")}`;
}
