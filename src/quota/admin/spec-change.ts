/**
 * A change of a namespace's quota record: compare-and-swap, together with any other changes that belong in its
 * transaction.
 *
 *   read ─► decide ─► txn if unchanged since ─► applied │ changed: again │ response lost: read back by id
 */
import { Backoff } from "../../base/backoff.ts";
import type { Call, CallScope } from "../../base/call.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { TxnOp, TxnResponse } from "../../etcd/ports/messages.ts";
import type { QuotaKeys } from "../model/quota-keys.ts";
import { encodeSpec, type NamespaceSpec, type QuotaRule } from "../model/quota-spec.ts";
import type { SpecCache } from "../model/spec-cache.ts";

/** Waits between tries when another process has changed the record, or is counting it, milliseconds. */
export const conflictWaits = { firstMs: 5, maxMs: 250 } as const;
const idBytes = 6;

export interface SpecChangeParts {
  readonly kv: Kv;
  readonly keys: QuotaKeys;
  readonly specs: SpecCache;
  readonly clock: Clock;
  readonly random: Random;
}

/** The new record of a namespace, and the other operations of the same transaction. */
export interface SpecChange {
  readonly rules: readonly QuotaRule[];
  readonly ops?: readonly TxnOp[];
}

/**
 * Changes a namespace's record by compare-and-swap; `decide` runs again on each conflict, and undefined leaves the
 * record unchanged. After a lost response the record is read back: its write id is unique.
 * @param caller the caller's own signal: its abort rejects with its reason; the end of the timeout says whether the change
 * was sent
 * @throws OUTCOME_UNKNOWN when the outcome of a change could not be read back in time
 */
export async function changeSpec(
  parts: SpecChangeParts,
  namespace: string,
  expected: bigint | undefined,
  caller: AbortSignal | undefined,
  scope: CallScope,
  decide: (current: NamespaceSpec, isRepeated: boolean) => SpecChange | undefined,
): Promise<void> {
  const { kv, keys, specs, clock, random } = parts;
  const key = keys.spec(namespace);
  const backoff = new Backoff(conflictWaits, clock, random);
  let lost: StoreError | undefined;
  const orUnknown = (error: unknown): unknown =>
    lost === undefined || caller?.aborted === true ? error : unknownChange(namespace, key, lost);
  for (;;) {
    let current: NamespaceSpec;
    try {
      scope.throwIfEnded();
      current = await specs.read(namespace, scope.rest());
    } catch (error) {
      throw orUnknown(error);
    }
    if (expected !== undefined && expected !== current.revision) {
      throw orUnknown(
        new StoreError(
          "PRECONDITION_FAILED",
          `Cannot change the quotas of ${textOfOwner(namespace)}: resourceVersion is ${current.revision}, expected ${expected}`,
          {
            namespace,
            field: "resourceVersion",
            expected: String(expected),
            actual: String(current.revision),
          },
        ),
      );
    }
    const next = decide(current, lost !== undefined);
    if (next === undefined) return;
    const value = encodeSpec(next.rules, specId(random));
    const change: TxnOp =
      next.rules.length === 0 ? { type: "delete", delete: { key } } : { type: "put", put: { key, value } };
    let answer: TxnResponse | undefined;
    try {
      answer = await kv.txn(
        {
          compare: [{ key, target: "mod", result: "=", operand: current.revision }],
          success: [change, ...(next.ops ?? [])],
          failure: [],
        },
        { signal: caller, ...timeOf(scope) },
      );
    } catch (error) {
      // etcd applies a put that exceeds its space quota and responds NO_SPACE: the spec's random id identifies it.
      if (!isStoreError(error, "OUTCOME_UNKNOWN", "NO_SPACE")) throw error;
      if (isStoreError(error, "OUTCOME_UNKNOWN")) lost = error;
      const { kvs } = await kv.range({ key }, scope.rest()).catch((failed: unknown) => {
        throw orUnknown(failed);
      });
      if (kvs[0] !== undefined && Buffer.from(kvs[0].value).toString() === value) return;
      if (isStoreError(error, "NO_SPACE")) throw error;
    }
    if (answer?.succeeded) {
      // The next write reads the record again.
      specs.forget(namespace);
      return;
    }
    await backoff.wait(scope.signal).catch((failed: unknown) => {
      throw orUnknown(failed);
    });
  }
}

/** A random id for a record's version or for a rule's ledger. */
export function specId(random: Random): string {
  return Buffer.from(random.bytes(idBytes)).toString("hex");
}

/** A change was sent, and its outcome could not be read back. */
function unknownChange(namespace: string, key: string, cause: StoreError): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether the quotas of ${textOfOwner(namespace)} were changed: ${cause.message}`,
    { writeId: "", key },
    { cause },
  );
}

/** The rest of a call's timeout. */
function timeOf(scope: CallScope): Pick<Call, "timeoutMs"> {
  const leftMs = scope.remainingMs();
  return leftMs === Number.POSITIVE_INFINITY ? {} : { timeoutMs: Math.max(1, leftMs) };
}

/** How messages name the subject of a quota. */
export function textOfOwner(namespace: string): string {
  return namespace === "" ? "the cluster" : `namespace "${namespace}"`;
}
