/**
 * C4: the contents of a cache at a revision match etcd's log: number, identity, versions and content of objects, by
 * every sampled index; at the end every cache has caught up.
 *
 * A sample is a list at the cache's own revision, under load or after heal; the empty state is a sample like any other.
 */

import { type CheckResult, Findings } from "./findings.ts";
import type { CacheSample } from "./history.ts";
import type { RunHistory } from "./run-history.ts";
import { differenceOf, isWanted, SelectionReplay, statesAt } from "./truth-log.ts";

export function checkCaches(run: RunHistory): CheckResult {
  const findings = new Findings("C4");
  const samples = [...run.caches].sort((a, b) =>
    a.revision < b.revision ? -1 : a.revision > b.revision ? 1 : 0,
  );
  const replay = new SelectionReplay(
    run.truth,
    samples.map(({ filter }) => filter),
  );
  for (const sample of samples) {
    findings.checked("comparisons");
    const { cache, revision, filter, count, digest, contents, items } = sample;
    const truth = replay.at(filter, revision);
    const equal =
      count === truth.count && digest === truth.digest && (contents ?? truth.contents) === truth.contents;
    if (equal) continue;
    const what =
      items === undefined
        ? `${count} objects, digest ${digest}, contents ${contents}; in truth ${truth.count}, ${truth.digest}, ${truth.contents}`
        : differenceOf(
            items,
            statesAt(run.truth, (change) => isWanted(filter, change), revision),
          );
    const near = [...run.truth.between(revision - 3n, revision)];
    findings.violation(
      "cache is not etcd",
      `${cache} at ${revision} (${JSON.stringify(filter)}): ${what}`,
      sample,
      ...near,
    );
  }
  checkTravel(run, findings);
  checkArrival(run, findings);
  return findings.result();
}

/** A cache never falls back to an older revision. */
function checkTravel(run: RunHistory, findings: Findings): void {
  const last = new Map<string, CacheSample>();
  for (const sample of [...run.caches].sort((a, b) => a.atNs - b.atNs)) {
    const before = last.get(sample.cache);
    if (before !== undefined && sample.revision < before.revision) {
      findings.violation(
        "time travel",
        `${sample.cache} is at ${sample.revision} after it was at ${before.revision}`,
        sample,
        before,
      );
    }
    last.set(sample.cache, sample);
  }
}

/** Where one cache has a final sample all have one, at the log's end or later. */
function checkArrival(run: RunHistory, findings: Findings): void {
  const finals = new Map<string, CacheSample>();
  for (const sample of run.caches) if (sample.final === true) finals.set(sample.cache, sample);
  if (finals.size === 0) return;
  const killed = new Set(run.faults.map(({ target }) => target));
  for (const cache of new Set(run.caches.map((sample) => sample.cache))) {
    if (killed.has(cache)) continue;
    const final = finals.get(cache);
    if (final !== undefined && final.revision >= run.truth.end) {
      findings.checked("arrived");
      continue;
    }
    findings.violation(
      "not arrived",
      `${cache} is ${final === undefined ? "not looked at" : `at ${final.revision}`} at the end, the log ends at ${run.truth.end}`,
      final,
    );
  }
}
