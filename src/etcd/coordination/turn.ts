/**
 * A turn in a queue of claimants, by the recipe of etcd's own concurrency package, so that keelson, etcdctl and Go clients
 * share one queue.
 *
 *   key    <name>/<lease id in hexadecimal>, created once, with the claimant's lease
 *   turn   belongs to the key of the lowest create revision in the queue; it ends when that key is deleted
 *
 * The create revision is the fence: a write that compares it is refused once the turn has ended, whatever its writer
 * believes. A claimant that dies leaves the queue when its lease expires.
 */
import { type Call, CallScope, callNames, expectManyListeners } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { Lease } from "../ports/leases.ts";
import type { Bytes, Compare, KeyValue } from "../ports/messages.ts";
import { prefixEnd } from "../ports/prefix-end.ts";

/** Options of `lock` and `campaign`. */
export interface TurnOptions extends Call {
  /** How long the turn outlives its holder's last keepalive, seconds, at least 2; default 60, as in etcd's own package. */
  readonly ttlSeconds?: number | undefined;
}

export const turnNames: NamesOf<TurnOptions> = { ...callNames, ttlSeconds: "number" };

const ttlDefaultSeconds = 60;

/** A turn that is held. Disposing of it ends the turn. */
export interface Turn extends AsyncDisposable {
  /** The claimant's key in etcd. */
  readonly key: string;
  /** Create revision of the key: higher than that of every turn before it. */
  readonly revision: bigint;
  /**
   * Aborted, with the cause as its reason, when the turn may be over: the lease was not renewed in time (aborted before
   * etcd lets it expire), or the key is gone. Work that needs the turn must stop on this signal.
   */
  readonly lost: AbortSignal;
  /** Put it among a transaction's compares: the transaction is then refused once the turn is over. */
  readonly fence: Compare;
}

/** A turn with its value; internal to this folder. */
export interface HeldTurn extends Turn {
  /** @throws PRECONDITION_FAILED when the turn is over */
  setValue(value: Bytes, call?: Call): Promise<void>;
}

/**
 * Waits for the turn in the queue `name`.
 * @throws INVALID_ARGUMENT for an empty name or a ttlSeconds below 2 · DEADLINE or the signal's reason while waiting: the
 *   claim leaves the queue · UNAVAILABLE when the lease is lost while waiting
 */
export async function takeTurn(
  etcd: Etcd,
  name: string,
  value: Bytes,
  options: TurnOptions,
  action: string,
): Promise<HeldTurn> {
  checkOptions(options, action, turnNames);
  if (typeof name !== "string" || name === "") {
    throw invalidArgument("name", `Cannot ${action}: name is ${quote(name)}, expected text`);
  }
  const { ttlSeconds = ttlDefaultSeconds } = options;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 2) {
    throw invalidArgument(
      "ttlSeconds",
      `Cannot ${action}: ttlSeconds is ${quote(ttlSeconds)}, expected a whole number of at least 2`,
    );
  }
  using scope = new CallScope(options, etcd.clock, action);
  const lease = await etcd.leases.hold({ ttlSeconds }, scope.rest());
  const ends = scope.signal === undefined ? [lease.lost] : [scope.signal, lease.lost];
  const signal = AbortSignal.any(ends);
  expectManyListeners(signal);
  const line = `${name}/`;
  const key = `${line}${lease.id.toString(16)}`;
  try {
    const revision = await enter(etcd, key, value, lease.id, signal);
    for (;;) {
      const before = await predecessor(etcd, line, revision, signal);
      if (before === undefined) break;
      await untilGone(etcd, before.kv.key, before.readAt + 1n, signal);
    }
    return new OwnTurn(etcd, lease, key, revision);
  } catch (error) {
    // The call's time may be over, so this must not depend on it; at the latest the key goes when the lease expires.
    await Promise.resolve(lease[Symbol.asyncDispose]()).catch(() => undefined);
    throw lease.lost.aborted && scope.signal?.aborted !== true ? lostWhileWaiting(action, lease) : error;
  }
}

/** The holder of the turn in the queue `name`; undefined while there is none. */
export async function holderOf(
  etcd: Etcd,
  name: string,
  call: Call,
): Promise<{ readonly kv: KeyValue | undefined; readonly readAt: bigint }> {
  const line = `${name}/`;
  const { kvs, header } = await etcd.kv.range(
    { key: line, rangeEnd: prefixEnd(line), sortTarget: "create", sortOrder: "ascend", limit: 1 },
    call,
  );
  return { kv: kvs[0], readAt: header.revision };
}

class OwnTurn implements HeldTurn {
  readonly key: string;
  readonly revision: bigint;
  readonly lost: AbortSignal;
  readonly #etcd: Etcd;
  readonly #lease: Lease;
  readonly #gone = new AbortController();
  readonly #end = new AbortController();

  constructor(etcd: Etcd, lease: Lease, key: string, revision: bigint) {
    this.#etcd = etcd;
    this.#lease = lease;
    this.key = key;
    this.revision = revision;
    this.lost = AbortSignal.any([lease.lost, this.#gone.signal]);
    expectManyListeners(this.lost);
    const signal = AbortSignal.any([this.lost, this.#end.signal]);
    untilGone(etcd, Buffer.from(key), revision + 1n, signal).then(
      () => this.#gone.abort(turnOver(key)),
      // A failed watch says nothing about the key; the lease still ends the turn.
      () => undefined,
    );
  }

  get fence(): Compare {
    return { key: this.key, target: "create", result: "=", operand: this.revision };
  }

  async setValue(value: Bytes, call: Call = {}): Promise<void> {
    this.lost.throwIfAborted();
    const { succeeded } = await this.#etcd.kv.txn(
      {
        compare: [this.fence],
        success: [{ type: "put", put: { key: this.key, value, lease: this.#lease.id } }],
        failure: [],
      },
      call,
    );
    if (!succeeded) throw turnOver(this.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    // etcd deletes the key together with the lease, in one step.
    await this.#lease[Symbol.asyncDispose]();
  }
}

/** Creates the key, or finds that an earlier try of this claim created it. @returns its create revision */
async function enter(
  etcd: Etcd,
  key: string,
  value: Bytes,
  lease: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  for (;;) {
    try {
      const { succeeded, header, responses } = await etcd.kv.txn(
        {
          compare: [{ key, target: "create", result: "=", operand: 0n }],
          success: [{ type: "put", put: { key, value, lease } }],
          failure: [{ type: "range", range: { key } }],
        },
        { signal },
      );
      if (succeeded) return header.revision;
      const [own] = responses;
      const kv = own?.type === "range" ? own.range.kvs[0] : undefined;
      if (kv !== undefined) return kv.createRevision;
    } catch (error) {
      // The lease id belongs to this claim alone, so repeating the transaction changes nothing that exists.
      if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
      signal.throwIfAborted();
    }
  }
}

async function predecessor(
  etcd: Etcd,
  line: string,
  revision: bigint,
  signal: AbortSignal,
): Promise<{ readonly kv: KeyValue; readonly readAt: bigint } | undefined> {
  const { kvs, header } = await etcd.kv.range(
    {
      key: line,
      rangeEnd: prefixEnd(line),
      maxCreateRevision: revision - 1n,
      sortTarget: "create",
      sortOrder: "descend",
      limit: 1,
    },
    { signal },
  );
  const [kv] = kvs;
  return kv === undefined ? undefined : { kv, readAt: header.revision };
}

/** Resolves at the deletion of `key` at or after `fromRevision`. @throws the signal's reason */
async function untilGone(
  etcd: Etcd,
  key: Uint8Array,
  fromRevision: bigint,
  signal: AbortSignal,
): Promise<void> {
  for (let startRevision = fromRevision; ; ) {
    try {
      await using watch = etcd.watches.open({ key, startRevision, noPut: true }, { signal });
      for await (const batch of watch) {
        if (batch.type === "events" && batch.events.some(({ type }) => type === "delete")) return;
      }
    } catch (error) {
      // Some events were compacted: whether the key still exists answers the same question.
      if (!isStoreError(error, "EXPIRED")) throw error;
      const { kvs, header } = await etcd.kv.range({ key }, { signal });
      if (kvs.length === 0) return;
      startRevision = header.revision + 1n;
      continue;
    }
    signal.throwIfAborted();
  }
}

function turnOver(key: string): StoreError<"PRECONDITION_FAILED"> {
  return new StoreError("PRECONDITION_FAILED", `The turn of ${quote(key)} is over: its key is gone`, {
    field: "uid",
    expected: key,
    key,
  });
}

function lostWhileWaiting(action: string, lease: Lease): StoreError<"UNAVAILABLE"> {
  return new StoreError(
    "UNAVAILABLE",
    `Cannot ${action}: the lease ${lease.id.toString(16)} was lost while waiting`,
    { retryAfterMs: 1_000, reason: "lease lost" },
    { cause: lease.lost.reason },
  );
}
