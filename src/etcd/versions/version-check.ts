/**
 * What the client itself says of an etcd's version when an endpoint has identified itself: which versions it refuses to
 * work with, and which it warns of, once per version and client. The facts are version-facts.ts's.
 */
import { compareVersions } from "./version.ts";
import { fixesOf, oldestTested, progressIsTrusted, suffers } from "./version-facts.ts";

/** Why `version` is not worked with unless that is asked for; undefined when it is. */
export function refusalOf(version: string): string | undefined {
  return suffers(version, "losesData")
    ? `etcd ${version} can lose acknowledged data after a crash: upgrade to ${fixesOf("defragDiverges")} or later, or set allowFaultyVersions`
    : undefined;
}

/** What an operator should know of `version`; undefined for none. */
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
 * Node's `code` of that warning. "KEELSON_PROGRESS": it is of reads from a cache alone, and no matter of a program without one.
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
