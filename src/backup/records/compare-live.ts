/**
 * Compares a snapshot with a running member by HashKV: the strongest proof that a backup is what the cluster held.
 *
 * The member may have compacted since; a HashKV depends on the compact revision, so ours is computed with the
 * member's. For a revision it compacted at, a member answers from a cache of older hashes, so only revisions
 * above its compact revision are comparable.
 */
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { type Examined, hashKvOf } from "./examine.ts";

export type LiveComparison =
  | { readonly outcome: "equal"; readonly endpoint: string }
  | { readonly outcome: "different"; readonly endpoint: string; readonly what: string }
  | { readonly outcome: "incomparable"; readonly endpoint: string; readonly why: string };

export async function compareWithLive(
  examined: Examined,
  etcd: Etcd,
  endpoint: string,
  signal?: AbortSignal,
): Promise<LiveComparison> {
  const revision = examined.lastRevision;
  const incomparable = (why: string): LiveComparison => ({ outcome: "incomparable", endpoint, why });
  if (BigInt(examined.info.revision) !== revision)
    return incomparable("the snapshot holds no record of its revision");
  let answer: Awaited<ReturnType<Etcd["maintenance"]["hashKv"]>>;
  try {
    answer = await etcd.maintenance.hashKv(revision, { endpoint, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isStoreError(error)) throw error;
    return incomparable(error.message);
  }
  const compacted = answer.compactRevision;
  if (answer.hashRevision !== undefined && answer.hashRevision !== revision) {
    return incomparable(`the member hashed revision ${answer.hashRevision} instead of ${revision}`);
  }
  if (compacted >= revision || compacted < examined.compactRevision) {
    return incomparable(
      `the member is compacted at ${compacted}, the snapshot at ${examined.compactRevision}`,
    );
  }
  const own = await hashKvOf(examined, revision, { compactRevision: compacted, signal });
  if (own === answer.hash) return { outcome: "equal", endpoint };
  return {
    outcome: "different",
    endpoint,
    what: `HashKV at revision ${revision} is ${own}, the member at ${endpoint} says ${answer.hash}`,
  };
}
