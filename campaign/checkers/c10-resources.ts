/**
 * C10: a process's resource usage stays below its limits in every sample.
 */
import { type CheckResult, Findings } from "./findings.ts";
import type { ResourceSample } from "./history.ts";
import type { RunHistory } from "./run-history.ts";

export type ResourceCaps = Partial<
  Record<
    "rssBytes" | "heapBytes" | "openStreams" | "queueBytes" | "sockets" | "timers" | "dialsPerSecond",
    number
  >
>;

/** @param caps highest allowed value by what is counted; a sample without a cap is not checked */
export function checkResources(run: RunHistory, caps: ResourceCaps): CheckResult {
  const findings = new Findings("C10");
  for (const sample of run.resources) {
    findings.checked("samples");
    for (const [name, cap] of Object.entries(caps) as readonly [keyof ResourceCaps, number][]) {
      const value = sample[name];
      if (value === undefined) continue;
      findings.checked(name);
      if (value > cap) findings.violation(`${name} above its cap`, textOf(sample, name, value, cap), sample);
    }
  }
  return findings.result();
}

function textOf({ process, atNs }: ResourceSample, name: string, value: number, cap: number): string {
  return `${process}: ${name} is ${value} ${(atNs / 1e9).toFixed(1)} s into the run, the cap is ${cap}`;
}
