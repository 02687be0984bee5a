/** Leader election over etcd: `campaign` to become the leader, `leaderOf` and `observeLeader` for all others. */
import { type Call, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { Bytes } from "../ports/messages.ts";
import { prefixEnd } from "../ports/prefix-end.ts";
import { holderOf, type Turn, type TurnOptions, takeTurn } from "./turn.ts";

/** Leadership of an election, held until disposed of or `lost`. */
export interface Leadership extends Turn {
  /** Replaces the value that observers see. @throws PRECONDITION_FAILED when the leadership is lost · as a write */
  proclaim(value: Bytes, call?: Call): Promise<void>;
}

/** The current leader of an election. */
export interface Leader {
  /** The leader's key in etcd. */
  readonly key: string;
  /** The value it campaigned with or proclaimed last. */
  readonly value: Uint8Array;
  /** Create revision of its key: the fence of its term. */
  readonly revision: bigint;
}

/**
 * Waits until this process leads the election `name`. There is one leader at a time, `etcdctl elect` included, provided that
 * every leader stops when `lost` is aborted; `fence` protects against one that does not.
 *
 * @param value what observers see, for example this process' address
 * @throws INVALID_ARGUMENT · DEADLINE (`timeoutMs`) or the signal's reason while waiting; the candidacy then ends
 */
export async function campaign(
  etcd: Etcd,
  name: string,
  value: Bytes,
  options: TurnOptions = {},
): Promise<Leadership> {
  const turn = await takeTurn(etcd, name, value, options, "campaign");
  return {
    key: turn.key,
    revision: turn.revision,
    lost: turn.lost,
    fence: turn.fence,
    proclaim: (next, call) => turn.setValue(next, call),
    [Symbol.asyncDispose]: () => turn[Symbol.asyncDispose](),
  };
}

/** The current leader; undefined while there is none. One quorum read. */
export async function leaderOf(etcd: Etcd, name: string, call: Call = {}): Promise<Leader | undefined> {
  checkOptions(call, "read the leader", callNames);
  const { kv } = await holderOf(etcd, name, call);
  return kv === undefined
    ? undefined
    : { key: Buffer.from(kv.key).toString(), value: kv.value, revision: kv.createRevision };
}

/**
 * Yields the leader now and at every change, proclamations included; undefined while there is no leader. Ends when left or
 * aborted. A leader that comes and goes between two reads is not reported; the last state always is.
 */
export async function* observeLeader(
  etcd: Etcd,
  name: string,
  options: {
    /** Ends the loop without an error. */
    readonly signal?: AbortSignal | undefined;
  } = {},
): AsyncGenerator<Leader | undefined, void, undefined> {
  checkOptions(options, "observe the leader", { signal: "signal" });
  const { signal } = options;
  const line = `${name}/`;
  let yielded: string | undefined;
  for (;;) {
    if (signal?.aborted === true) return;
    const { kv, readAt } = await holderOf(etcd, name, { signal });
    const state = kv === undefined ? "" : `${kv.createRevision} ${kv.modRevision}`;
    if (state !== yielded) {
      yielded = state;
      yield kv === undefined
        ? undefined
        : { key: Buffer.from(kv.key).toString(), value: kv.value, revision: kv.createRevision };
    }
    try {
      await using watch = etcd.watches.open(
        { key: line, rangeEnd: prefixEnd(line), startRevision: readAt + 1n },
        { signal },
      );
      for await (const batch of watch) if (batch.type === "events") break;
    } catch (error) {
      // The next read covers what was compacted.
      if (!isStoreError(error, "EXPIRED")) throw error;
    }
  }
}
