/**
 * C9: the members themselves are intact at the end: one log, one hash, one compaction, no corruption alarm, and no
 * panic in their logs. A finding is a fault of etcd or a wrong injection: either way the run proves nothing.
 */
import { type CheckResult, Findings } from "./findings.ts";
import type { RunHistory } from "./run-history.ts";

/** Words that no healthy member logs. A lost leader or peer is not among them. */
const alarming =
  /\bpanic\b|"level":"(?:fatal|dpanic|panic)"|\bfatal error\b|data.inconsisten|inconsistent hash|data corrupt|database corrupt/i;

/** @param options.forgiven lines that a fault explains, e.g. a disk that was filled on purpose */
export function checkServers(
  run: RunHistory,
  options: { readonly forgiven?: ((text: string) => boolean) | undefined } = {},
): CheckResult {
  const findings = new Findings("C9");
  const forgiven = options.forgiven ?? (() => false);
  for (const line of run.serverLogs) {
    findings.checked("log lines");
    if (alarming.test(line.text) && !forgiven(line.text)) {
      findings.violation("alarming log", `${line.member}: ${line.text.slice(0, 200)}`, line);
    }
  }
  const [log] = run.memberLogs;
  for (const other of run.memberLogs) {
    findings.checked("member logs");
    if (
      log === undefined ||
      (other.digest === log.digest && other.events === log.events && other.to === log.to)
    )
      continue;
    findings.violation(
      "logs differ",
      `${other.member} has ${other.events} events to ${other.to}, digest ${other.digest}; ${log.member} ${log.events} to ${log.to}, ${log.digest}`,
      other,
      log,
    );
  }
  const [member] = run.members;
  for (const other of run.members) {
    findings.checked("members");
    if (other.alarms.includes("CORRUPT"))
      findings.violation("corrupt", `${other.member} has the alarm CORRUPT`, other);
    if (member === undefined) continue;
    if (other.hash !== member.hash || other.compactRevision !== member.compactRevision) {
      findings.violation(
        "hashes differ",
        `${other.member} has hash ${other.hash} compacted at ${other.compactRevision}, ${member.member} ${member.hash} at ${member.compactRevision}`,
        other,
        member,
      );
    }
  }
  return findings.result();
}
