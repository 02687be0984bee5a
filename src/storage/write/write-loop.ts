/**
 * Read, decide, write, again on conflict: the loop under update, guaranteedUpdate and delete.
 *
 *   suggestion or live state ─► decide ─► unchanged ─► (live?) ─► done
 *            ▲                    │
 *            │                    └─► put or remove ─► applied ─► done
 *            └──── live state ◄── changed ◄───┘
 *
 * A suggestion (a state seen earlier) saves the read when it is still current. No result is based on it alone: every
 * failure on it, and "nothing to change", is checked again on the live state.
 */
import { Backoff } from "../../base/backoff.ts";
import type { CallScope } from "../../base/call.ts";
import { isStoreError } from "../../errors.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { etcdCodes } from "../context/etcd-codes.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { type Place, readLive } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import type { ObjectChange } from "./change-sides.ts";
import { attemptChange, dryRunChange } from "./write-attempt.ts";

/** Wait between tries on a contended object, milliseconds: other processes write it too. */
const conflictWaits = { firstMs: 1, maxMs: 200 } as const;

export type Decision =
  /** The state is already as wanted: this is the result. */
  | { readonly type: "unchanged"; readonly object: AnyResource }
  /** Store this; the result is it, with its version. */
  | {
      readonly type: "put";
      readonly object: AnyResource;
      readonly lease: bigint;
      /** Stored in today's form: another program's form is not kept. */
      readonly convert?: boolean;
    }
  /** Remove the object; the result is this last state, with the deletion's version. */
  | { readonly type: "remove"; readonly object: AnyResource };

export interface WritePlan {
  readonly place: Place;
  /** A state that is probably current. */
  readonly suggestion: StoredRecord | undefined;
  readonly dryRun: boolean;
  /**
   * Decides what to do about a state. An error that it throws on a suggestion is checked again on the live state.
   * @param attempt counted from 1
   */
  decide(record: StoredRecord | undefined, attempt: number): Decision | Promise<Decision>;
}

interface State {
  readonly record: StoredRecord | undefined;
  readonly live: boolean;
}

/** Carries out the plan; resolves with the object as stored now, or as it was when removed. */
export async function runWritePlan(
  handle: KindHandle,
  plan: WritePlan,
  scope: CallScope,
): Promise<AnyResource> {
  const { context } = handle;
  const { place, suggestion } = plan;
  const look = async (): Promise<State> => {
    const { record } = await readLive(handle, place, scope);
    return { record, live: true };
  };
  const backoff = new Backoff(conflictWaits, context.clock, context.random);
  let state: State = suggestion === undefined ? await look() : { record: suggestion, live: false };
  for (let attempt = 1; ; attempt++) {
    scope.throwIfEnded();
    try {
      const decision = await plan.decide(state.record, attempt);
      if (decision.type === "unchanged" || plan.dryRun) {
        if (!state.live) {
          const seen = await look();
          const same = isSame(seen, state);
          state = seen;
          if (!same) continue;
        }
        if (decision.type !== "unchanged") await dryRun(handle, place, state, decision, scope);
        return decision.object;
      }
      const written = await write(handle, place, state, decision, scope);
      if (written.done) return written.object;
      context.counters.conflictRetries++;
      state = { record: written.record, live: true };
      // The first state may only have been outdated; from the second conflict on, other writers are active.
      if (attempt > 1) await backoff.wait(scope.signal);
    } catch (error) {
      if (state.live || scope.signal?.aborted === true || isStoreError(error, ...etcdCodes)) throw error;
      const seen = await look();
      if (isSame(seen, state)) throw error;
      state = seen;
    }
  }
}

type Written =
  | { readonly done: true; readonly object: AnyResource }
  | { readonly done: false; readonly record: StoredRecord | undefined };

async function write(
  handle: KindHandle,
  place: Place,
  state: State,
  decision: Exclude<Decision, { type: "unchanged" }>,
  scope: CallScope,
): Promise<Written> {
  const change = changeOf(place, state, decision);
  const attempted = await attemptChange(handle, change, scope).catch(async (error: unknown) => {
    if (decision.type === "remove" && isStoreError(error, "NO_SPACE")) {
      return attemptChange(handle, { ...change, withoutPuts: true }, scope);
    }
    // The write's lease is gone: etcd has removed, or is removing, the keys on it.
    if (change.lease !== 0n && isStoreError(error, "NOT_FOUND")) {
      handle.context.etcd.leases.forgetShared(change.lease);
      return { outcome: "changed", state: await readLive(handle, place, scope) } as const;
    }
    throw error;
  });
  if (attempted.outcome === "changed") return { done: false, record: attempted.state.record };
  decision.object.metadata.resourceVersion = formatResourceVersion(attempted.revision);
  return { done: true, object: decision.object };
}

async function dryRun(
  handle: KindHandle,
  place: Place,
  state: State,
  decision: Exclude<Decision, { type: "unchanged" }>,
  scope: CallScope,
): Promise<void> {
  await dryRunChange(handle, changeOf(place, state, decision), scope);
}

function changeOf(
  place: Place,
  { record }: State,
  decision: Exclude<Decision, { type: "unchanged" }>,
): ObjectChange {
  return decision.type === "put"
    ? { place, before: record, after: decision.object, lease: decision.lease, convert: decision.convert }
    : { place, before: record, after: undefined, lease: record?.lease ?? 0n };
}

/** The same version, and equally current: a replaced kind or a rotated key may have made the state stale since. */
function isSame(a: State, b: State): boolean {
  return a.record?.modRevision === b.record?.modRevision && a.record?.value?.stale === b.record?.value?.stale;
}
