/**
 * How an object is removed: at once, or marked first.
 *
 *   live ──delete, no finalizers, grace 0──────────────────────────────▶ removed
 *   live ──delete with finalizers or grace──▶ marked (deletionTimestamp) ──last finalizer gone and grace 0──▶ removed
 *
 * Pure: the storage layer asks for the step and carries it out in one write. A mark is never undone; grace only
 * shrinks. Nothing here waits for the end of a grace period: the object's owner deletes it again with grace 0.
 */

import { copyPlainData } from "../model/plain-data.ts";
import type { ObjectMeta, Resource } from "../model/resource.ts";
import { formatTimestamp, nextGeneration } from "./metadata.ts";

/** Kubernetes' own finalizers, on which its garbage collector acts. */
export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

export type PropagationPolicy = "Background" | "Foreground" | "Orphan";

/** Marked and not removed: deletionTimestamp is set, and finalizers or a grace period remain. */
export function isPending(object: Resource): boolean {
  return object.metadata.deletionTimestamp !== undefined && !nothingHolds(object.metadata);
}

/** Marked, and nothing holds it any more: an update with this result removes the object instead. */
export function isFinished(object: Resource): boolean {
  return object.metadata.deletionTimestamp !== undefined && nothingHolds(object.metadata);
}

function nothingHolds(metadata: ObjectMeta): boolean {
  return (metadata.finalizers?.length ?? 0) === 0 && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

/**
 * The effect of a delete on the object:
 * - `remove`: its key is deleted; `object` is the unchanged last state;
 * - `mark`: `object`, a copy with the mark, is stored;
 * - `keep`: it is marked already and nothing changes.
 */
export interface DeletionStep<T> {
  readonly action: "remove" | "mark" | "keep";
  readonly object: T;
}

/** The step from `current`, which is not changed. `nowMs` is wall time; `gracePeriodSeconds` has been checked. */
export function planDeletion<T extends Resource>(
  current: T,
  options: {
    readonly gracePeriodSeconds: number;
    readonly propagationPolicy?: PropagationPolicy | undefined;
    readonly nowMs: number;
  },
): DeletionStep<T> {
  const { metadata } = current;
  const finalizers = finalizersUnder(options.propagationPolicy, metadata.finalizers ?? []);
  const wasMarked = metadata.deletionTimestamp !== undefined;
  // Other tools may have stored any integer; a grace period is never below 0.
  const before = Math.max(0, metadata.deletionGracePeriodSeconds ?? 0);
  // A second delete can shorten the grace period, never lengthen it.
  const grace = wasMarked ? Math.min(before, options.gracePeriodSeconds) : options.gracePeriodSeconds;
  if (finalizers.length === 0 && grace === 0) return { action: "remove", object: current };
  const sameFinalizers =
    finalizers.length === (metadata.finalizers ?? []).length &&
    finalizers.every((finalizer, i) => finalizer === metadata.finalizers?.[i]);
  if (wasMarked && grace === before && sameFinalizers) return { action: "keep", object: current };

  const object = copyPlainData(current);
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  else delete object.metadata.finalizers;
  object.metadata.deletionGracePeriodSeconds = grace;
  object.metadata.deletionTimestamp = formatTimestamp(
    wasMarked
      ? Date.parse(metadata.deletionTimestamp ?? "") - (before - grace) * 1000
      : options.nowMs + grace * 1000,
  );
  if (!wasMarked) object.metadata.generation = nextGeneration(metadata.generation);
  return { action: "mark", object };
}

function finalizersUnder(policy: PropagationPolicy | undefined, finalizers: readonly string[]): string[] {
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  if (policy === "Background") return others;
  const wanted = policy === "Orphan" ? orphanFinalizer : foregroundFinalizer;
  return finalizers.includes(wanted)
    ? finalizers.filter((name) => name === wanted || others.includes(name))
    : [...others, wanted];
}
