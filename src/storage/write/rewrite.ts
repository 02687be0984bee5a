/**
 * rewrite: brings every stored object of a kind into today's form: API version, codec, encryption key, header version.
 *
 * Walks the kind's keys page by page at the latest state and writes again each object that is not in today's form,
 * conditional on the state read; every other object costs only a read. `objectsPerSecond` paces the writes. Nothing
 * of the object changes except its resourceVersion, and its remaining time to live is kept. A rewrite that starts
 * again after any kind of end skips finished objects: resuming needs nothing else.
 */
import type { CallScope } from "../../base/call.ts";
import { eachAtOnce } from "../../base/each-at-once.ts";
import { quote } from "../../base/text/quote.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import { Pace } from "../../base/time/pace.ts";
import { carriesWriteId } from "../../codec/form/envelope.ts";
import type { PlainValue } from "../../codec/form/value.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { RewriteOptions, RewriteReport } from "../../resource/contract/store.ts";
import { sameContent } from "../../resource/model/plain-data.ts";
import { notFound } from "../../resource/objects/read-errors.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { rangePages, wholeWalk } from "../context/range-pages.ts";
import { objectOf, openRecord } from "../context/records.ts";
import { placeOf } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import { runWritePlan } from "./write-loop.ts";

/** Writes under way at a time: a rewrite is never urgent, and leaves etcd's capacity to others. */
const writesMax = 4;

type RewriteOutcome = "rewritten" | "fine" | "gone" | "left" | "corrupt";

export async function rewriteKind(
  handle: KindHandle,
  options: RewriteOptions,
  scope: CallScope,
): Promise<RewriteReport> {
  const { clock, etcd } = handle.context;
  const { onProgress } = options;
  const pace = new Pace(clock, checkedRate(options.objectsPerSecond));
  const call = { signal: scope.signal };
  const startedMs = clock.monotonicMs();
  const corrupt: string[] = [];
  let [scanned, rewritten, left] = [0, 0, 0];
  const walk = wholeWalk(handle.range);
  for await (const page of rangePages(etcd.kv, handle.sizer, walk, call)) {
    await eachAtOnce(page.kvs, writesMax, async (kv) => {
      const outcome = await rewriteKey(handle, kv, pace, scope);
      scanned++;
      if (outcome === "rewritten") rewritten++;
      else if (outcome === "left") left++;
      else if (outcome === "corrupt") {
        left++;
        corrupt.push(textOfKey(kv.key));
      }
    });
    const rate = scanned / Math.max(0.001, (clock.monotonicMs() - startedMs) / 1000);
    const etaMs = rate === 0 ? undefined : (page.remaining / rate) * 1000;
    onProgress?.({ done: scanned, total: scanned + page.remaining, unit: "objects", rate, etaMs });
  }
  return { scanned, rewritten, left, corrupt: corrupt.sort() };
}

function checkedRate(objectsPerSecond: number = Number.POSITIVE_INFINITY): number {
  if (typeof objectsPerSecond === "number" && objectsPerSecond > 0) return objectsPerSecond;
  throw invalidArgument(
    "objectsPerSecond",
    `Cannot rewrite: objectsPerSecond is ${quote(objectsPerSecond)}, expected a number above 0`,
  );
}

/** Opening an envelope has verified its bytes; a value without one must be decoded to verify it. */
function isSound({ codec }: KindHandle, value: PlainValue): boolean {
  if (carriesWriteId(value.bytes)) return true;
  try {
    codec.storedHead(value);
    return true;
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) return false;
    throw error;
  }
}

/** In today's form, and charged what its kind measures today, where the charge is recorded beside it. */
async function isOfToday(
  { context, definition, codec }: KindHandle,
  record: StoredRecord,
  scope: CallScope,
): Promise<boolean> {
  const { key, value, modRevision } = record;
  if (value?.stale !== false) return false;
  if (!definition.measures || codec.keepsAmounts(value)) return true;
  const amounts = await context.charged.of(key, modRevision, scope.signal);
  if (amounts === undefined) return true;
  return sameContent(amounts, definition.headOf(objectOf(definition, codec, record)).amounts);
}

async function rewriteKey(
  handle: KindHandle,
  kv: KeyValue,
  pace: Pace,
  scope: CallScope,
): Promise<RewriteOutcome> {
  await handle.context.turns.pause();
  // A rewrite exists to encrypt values that were stored before encryption was switched on.
  const record = await openRecord(handle, kv, { plaintext: "accept" });
  if (record === undefined || record.corrupt !== undefined) return "corrupt";
  if (record.value?.stale === false && !isSound(handle, record.value)) return "corrupt";
  let outcome: RewriteOutcome = "fine";
  try {
    if (await isOfToday(handle, record, scope)) return "fine";
    await pace.take(scope.signal);
    const place = placeOf(handle, { namespace: record.namespace, name: record.name });
    await runWritePlan(
      handle,
      {
        place,
        suggestion: record,
        dryRun: false,
        async decide(current) {
          if (current === undefined) throw notFound(handle.definition, place.at, place.key);
          const object = objectOf(handle.definition, handle.codec, current);
          outcome = (await isOfToday(handle, current, scope)) ? "fine" : "rewritten";
          return outcome === "fine"
            ? { type: "unchanged", object }
            : { type: "put", object, lease: current.lease, convert: true };
        },
      },
      scope,
    );
    return outcome;
  } catch (error) {
    if (isStoreError(error, "NOT_FOUND")) return "gone";
    if (isStoreError(error, "CORRUPT_OBJECT")) return "corrupt";
    // The write is refused permanently (its kind's fields, its size, a quota), or its outcome is unknown: an operator
    // must look.
    if (isStoreError(error, "INVALID_OBJECT", "TOO_LARGE", "QUOTA_EXCEEDED", "OUTCOME_UNKNOWN"))
      return "left";
    throw error;
  }
}
