/**
 * createMany: a bulk load. Drafts become objects as in create and are sent in grouped transactions; each has its own
 * outcome, in the drafts' order.
 */
import type { CallScope } from "../../base/call.ts";
import { eachAtOnce } from "../../base/each-at-once.ts";
import { invalidArgument, invariant, isStoreError, StoreError } from "../../errors.ts";
import type { CreateManyOptions } from "../../resource/contract/write-options.ts";
import { limits } from "../../resource/model/limits.ts";
import type { AnyResource, Draft } from "../../resource/model/resource.ts";
import { validateDraft } from "../../resource/objects/validate-object.ts";
import { parseCreateOptions } from "../../resource/options/write-options.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { Postponed } from "../seam/write-guard.ts";
import { alreadyExists, createObject, planCreate } from "./creates.ts";
import { abandon, type PreparedWrite, prepareWrite, settleWrite } from "./write-attempt.ts";
import { inVersion, leaseFor } from "./write-checks.ts";

/** Chunks under way at a time: one is prepared while etcd works on the other. */
const chunksInFlight = 2;
/** Drafts prepared and sent at a time: four groups, so that progress is visible and memory stays small. */
const chunkItems = 240;

/**
 * When the call's timeout ends, drafts that were not sent have DEADLINE as their outcome: rejecting the whole call
 * would report stored objects as not applied.
 * @throws errors that end the whole call: INVALID_ARGUMENT, the signal's reason; every other error is an outcome
 */
export async function createMany(
  handle: KindHandle,
  given: readonly Draft<AnyResource>[],
  options: CreateManyOptions,
  scope: CallScope,
): Promise<readonly (AnyResource | StoreError)[]> {
  const { ttlSeconds } = parseCreateOptions(options);
  if (options.onProgress !== undefined && typeof options.onProgress !== "function") {
    throw invalidArgument("onProgress", "Cannot create many: onProgress is not a function");
  }
  if (!Array.isArray(given) || given.length > limits.bulkItemsMax) {
    throw invalidArgument(
      "drafts",
      `Cannot create ${handle.definition.resource}: drafts is not an array of at most ${limits.bulkItemsMax}`,
    );
  }
  // Every draft gets an outcome, also one that is missing, and the caller may use its array meanwhile.
  const drafts = Array.from(given);
  const { clock } = handle.context;
  const startedMs = clock.monotonicMs();
  const chunks: (readonly (AnyResource | StoreError)[])[] = [];
  let done = 0;
  const chunkNumbers = Array.from({ length: Math.ceil(drafts.length / chunkItems) }, (_, at) => at);
  await eachAtOnce(chunkNumbers, chunksInFlight, async (at) => {
    const chunk = drafts.slice(at * chunkItems, (at + 1) * chunkItems);
    try {
      scope.throwIfEnded();
      chunks[at] = await createChunk(handle, chunk, ttlSeconds, scope);
    } catch (error) {
      if (options.signal?.aborted === true || !(error instanceof StoreError)) throw error;
      chunks[at] = chunk.map(() => error);
    }
    done += chunk.length;
    const rate = done / Math.max(0.001, (clock.monotonicMs() - startedMs) / 1000);
    const etaMs = ((drafts.length - done) / rate) * 1000;
    options.onProgress?.({ done, total: drafts.length, unit: "objects", rate, etaMs });
  });
  return chunks.flat();
}

interface Member {
  readonly prepared: PreparedWrite;
  readonly object: AnyResource;
  readonly generated: boolean;
  readonly at: number;
}

async function createChunk(
  handle: KindHandle,
  drafts: readonly Draft<AnyResource>[],
  ttlSeconds: number | undefined,
  scope: CallScope,
): Promise<readonly (AnyResource | StoreError)[]> {
  const { context } = handle;
  const outcomes = new Map<number, AnyResource | StoreError>();
  const members: Member[] = [];
  const singly: number[] = [];
  await context.watchStarts.settled(scope.signal);
  try {
    for (const [at, draft] of drafts.entries()) {
      await context.turns.pause();
      try {
        members.push(await prepareMember(handle, draft, at, ttlSeconds, scope));
      } catch (error) {
        if (error instanceof Postponed) singly.push(at);
        else outcomes.set(at, storeErrorOrThrow(error));
      }
    }
  } catch (error) {
    // An error that ends the whole call also ends the prepared drafts: none of them was sent.
    for (const { prepared } of members) abandon(prepared.parts, "not applied");
    throw error;
  }
  let written: Awaited<ReturnType<typeof context.writes.writeMany>>;
  try {
    written = await context.writes.writeMany(
      members.map(({ prepared }) => prepared.write),
      scope.restForWrite(),
    );
  } catch (error) {
    for (const { prepared } of members) abandon(prepared.parts, "unknown");
    throw error;
  }
  const settling = members.map(async ({ at, object, generated, prepared }, index) => {
    const outcome = written[index];
    invariant(outcome !== undefined, "every write has an outcome");
    if (outcome instanceof StoreError) {
      abandon(prepared.parts, isStoreError(outcome, "OUTCOME_UNKNOWN") ? "unknown" : "not applied");
      // Their shared lease is gone: each is created singly, under another lease.
      if (prepared.change.lease !== 0n && isStoreError(outcome, "NOT_FOUND")) {
        context.etcd.leases.forgetShared(prepared.change.lease);
        singly.push(at);
      } else outcomes.set(at, outcome);
      return;
    }
    try {
      const attempt = await settleWrite(handle, prepared, outcome, true);
      // A guard's own keys changed, or a generated name is taken: each is created singly, with its own retries.
      if (attempt === "again" || (generated && attempt.outcome === "changed")) singly.push(at);
      else if (attempt.outcome === "applied") outcomes.set(at, inVersion(object, attempt.revision));
      else {
        const { record } = attempt.state;
        invariant(record !== undefined, "a create is refused only by what is there");
        outcomes.set(at, alreadyExists(handle, prepared.change.place, record));
      }
    } catch (error) {
      outcomes.set(at, storeErrorOrThrow(error));
    }
  });
  // Every part gets its outcome before an error of one ends the call.
  throwFirst(await Promise.allSettled(settling));
  const creating = singly.map(async (at) => {
    const draft = drafts[at];
    invariant(draft !== undefined, "a member has its draft");
    const outcome = await createObject(handle, draft, { ttlSeconds }, scope).catch(storeErrorOrThrow);
    outcomes.set(at, outcome);
  });
  throwFirst(await Promise.allSettled(creating));
  return drafts.map((_, at) => {
    const outcome = outcomes.get(at);
    invariant(outcome !== undefined, "every draft has an outcome");
    return outcome;
  });
}

async function prepareMember(
  handle: KindHandle,
  given: Draft<AnyResource>,
  at: number,
  ttlSeconds: number | undefined,
  scope: CallScope,
): Promise<Member> {
  const draft = validateDraft(handle.definition, given);
  const { place, object, generated } = planCreate(handle, draft);
  // Requested for each draft, because a lease carries a bounded number of keys. It is nearly always the previous
  // draft's lease.
  const lease = await leaseFor(handle, ttlSeconds, undefined, scope.rest());
  const change = { place, before: undefined, after: object, lease };
  return { at, object, generated, prepared: await prepareWrite(handle, change, scope.rest(), true) };
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function storeErrorOrThrow(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  throw error;
}
