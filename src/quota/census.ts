/**
 * The count of what is there: the port through which quotas see objects, and the sums made from it.
 * A count is taken at one revision, so it can be held against the ledger at that very revision.
 */
import type { Call } from "../base/call.ts";
import type { Head } from "../resource/head.ts";
import { type Amounts, nothing, plus } from "./amounts.ts";
import { type QuotaRule, usageOf } from "./quota-spec.ts";

export interface CountedObject {
  /** Full etcd key. */
  readonly key: string;
  readonly modRevision: bigint;
  /** "pods", "deployments.apps". */
  readonly resource: string;
  readonly head: Head;
  readonly storedBytes: number;
  readonly lease: bigint;
}

export interface Census {
  /**
   * Every readable object of `namespace` ("": of the store) at `revision`, kinds that are only on record included.
   * @throws EXPIRED when the revision is compacted
   */
  objectsAt(namespace: string, revision: bigint, call: Call): AsyncIterable<CountedObject>;
}

/** What the objects of a namespace use of each rule at `revision`, those on leases apart: they are in entries of their own. */
export async function countUse(
  census: Census,
  namespace: string,
  rules: readonly QuotaRule[],
  revision: bigint,
  call: Call,
  onLeased?: (object: CountedObject, usage: Amounts) => void,
): Promise<readonly { readonly lasting: Amounts; readonly leased: Amounts }[]> {
  const sums = rules.map(() => ({ lasting: nothing, leased: nothing }));
  for await (const object of census.objectsAt(namespace, revision, call)) {
    rules.forEach((rule, index) => {
      const sum = sums[index];
      if (sum === undefined) return;
      const usage = usageOf(rule, object.resource, object);
      if (object.lease === 0n) sum.lasting = plus(sum.lasting, usage);
      else if (usage.size > 0) {
        sum.leased = plus(sum.leased, usage);
        onLeased?.(object, usage);
      }
    });
  }
  return sums;
}
