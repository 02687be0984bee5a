/**
 * How the client reacts to the version of an identified endpoint: which versions it refuses, and which it warns about, once
 * per version and client. version-facts.ts has the facts.
 */
import { compareVersions } from "./version.ts";
import { fixesOf, oldestTested, progressIsTrusted, suffers } from "./version-facts.ts";

/** Why `version` is refused unless the caller allows it; undefined when it is accepted. */
export function refusalOf(version: string): string | undefined {
  return suffers(version, "losesData")
    ? `etcd ${version} can lose acknowledged data after a crash: upgrade to ${fixesOf("defragDiverges")} or later, or set allowFaultyVersions`
    : undefined;
}

/** What an operator should know about `version`; undefined if there is nothing. */
export function warningOf(version: string): string | undefined {
  if (suffers(version, "losesData")) return refusalOf(version);
  if (compareVersions(version, oldestTested) < 0)
    return `etcd ${version} is older than 3.4, which keelson is tested with`;
  if (suffers(version, "defragDiverges")) {
    return `etcd ${version} can diverge between members after a crash in defragmentation: upgrade to ${fixesOf("defragDiverges")} or later`;
  }
  return progressWarningOf(version);
}

/**
 * Node's `code` of that warning. "KEELSON_PROGRESS": it concerns only reads from a cache.
 */
export function warningCodeOf(version: string): "KEELSON_PROGRESS" | undefined {
  const progress = progressWarningOf(version);
  return progress !== undefined && warningOf(version) === progress ? "KEELSON_PROGRESS" : undefined;
}

function progressWarningOf(version: string): string | undefined {
  if (progressIsTrusted(version)) return undefined;
  const fault = suffers(version, "progressAhead")
    ? "answer watch progress ahead of events"
    : "withhold watch progress";
  return `etcd ${version} can ${fault}; reads from a cache then go to etcd: upgrade to ${fixesOf("progressWithheld")} or later`;
}
