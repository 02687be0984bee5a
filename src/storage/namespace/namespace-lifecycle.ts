/**
 * The lifecycle of a namespace object:
 *
 *   create ─► Active ──delete──► Terminating (deletionTimestamp, finalizer) ──empty──► removed
 *
 * A delete only marks: the object is removed when the emptier (`namespace-emptier.ts`) finds the namespace empty, so
 * `isPending` is true of the result of delete(), because of the store's own finalizer. Removing that finalizer does
 * not remove the object sooner. Grace periods have no effect on a namespace.
 */

import { quote } from "../../base/text/quote.ts";
import type { Clock } from "../../base/time/clock.ts";
import { StoreError } from "../../errors.ts";
import { initialNamespaces, namespaceFinalizer } from "../../resource/model/namespace-kind.ts";
import { copyPlainData, sameContent } from "../../resource/model/plain-data.ts";
import type { AnyResource, Namespace } from "../../resource/model/resource.ts";
import type { DeletionStep } from "../../resource/objects/deletion.ts";
import { formatTimestamp, nextGeneration } from "../../resource/objects/metadata.ts";
import type { ObjectLifecycle } from "../context/object-lifecycle.ts";

export class NamespaceLifecycle implements ObjectLifecycle {
  readonly #clock: Clock;

  constructor(clock: Pick<Clock, "nowMs"> & Clock) {
    this.#clock = clock;
  }

  created(object: AnyResource): AnyResource {
    return withPhase(object, "Active");
  }

  deleting({ metadata: { name } }: AnyResource): void {
    if (!initialNamespaces.includes(name)) return;
    throw new StoreError(
      "PERMISSION_DENIED",
      `Cannot delete namespace ${quote(name)}: it is one that always exists`,
      { reason: "initial namespace" },
    );
  }

  marked(current: AnyResource, step: DeletionStep<AnyResource>): AnyResource {
    if (current.metadata.deletionTimestamp !== undefined) return copyPlainData(current);
    const marked = withPhase(copyPlainData(step.action === "mark" ? step.object : current), "Terminating");
    const { metadata } = marked;
    metadata.deletionTimestamp = formatTimestamp(this.#clock.nowMs());
    metadata.deletionGracePeriodSeconds = 0;
    metadata.generation = nextGeneration(current.metadata.generation);
    const others = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== namespaceFinalizer);
    metadata.finalizers = [...others, namespaceFinalizer];
    return marked;
  }

  isHeld({ metadata }: AnyResource): boolean {
    return metadata.deletionTimestamp !== undefined;
  }
}

/** True when another finalizer must be removed before the namespace can go. */
export function isHeldByOthers({ metadata }: AnyResource): boolean {
  return (metadata.finalizers ?? []).some((finalizer) => finalizer !== namespaceFinalizer);
}

/** The remaining objects, by resource name, as the status reports them. */
export function withRemaining(namespace: Namespace, remaining: Readonly<Record<string, number>>): Namespace {
  const left = Object.entries(remaining).filter(([, count]) => count > 0);
  const { conditions, remaining: _, ...status } = namespace.status ?? {};
  // Other tools may have stored any value here, including null.
  const stored: NonNullable<typeof conditions> = Array.isArray(conditions) ? conditions : [];
  const others = stored.filter((condition) => condition?.type !== contentRemains);
  // A stored condition may have more fields: Kubernetes' own form adds a lastTransitionTime.
  const condition = {
    ...stored.find((one) => one?.type === contentRemains),
    type: contentRemains,
    status: "True",
    reason: "SomeResourcesRemain",
    message: left.map(([resource, count]) => `${resource} has ${count}`).join(", "),
  };
  return {
    ...namespace,
    status: {
      ...status,
      phase: "Terminating",
      remaining: Object.fromEntries(left),
      conditions: left.length === 0 ? others : [...others, condition],
    },
  };
}

/**
 * Whether a stored status matches that of `wanted`. Kubernetes' own form has no `remaining`: there the condition has it, and a
 * namespace stored without it must not be written again on each pass.
 */
export function matchesStatus(stored: AnyResource, wanted: AnyResource): boolean {
  const { remaining, ...status } = recordOf(wanted["status"]);
  const keepsRemaining = Object.hasOwn(recordOf(stored["status"]), "remaining");
  return sameContent(stored, keepsRemaining ? wanted : { ...wanted, status });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Kubernetes' condition. */
const contentRemains = "NamespaceContentRemaining";

function withPhase(object: AnyResource, phase: "Active" | "Terminating"): AnyResource {
  const { status } = object;
  const kept = typeof status === "object" && status !== null && !Array.isArray(status) ? status : {};
  return { ...object, status: { ...kept, phase } };
}
