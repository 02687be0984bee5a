/**
 * An in-memory etcd: multi-version keys, transactions, compaction. Pure state, no time and no I/O.
 *
 * Answers, limits and error texts are etcd 3.5's (server/storage/mvcc, etcdserver/apply): test/conformance runs the same
 * text over this model and over a real etcd.
 *
 *   keys:   key -> versions (key-index)
 *   log:    revision -> its events in order, from the compacted revision on: what watches read
 */
import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnOp,
  TxnOpResponse,
  TxnRequest,
  TxnResponse,
} from "../etcd/ports/messages.ts";
import type { KvEvent } from "../etcd/ports/watches.ts";
import { type ByteRange, byteRange, keyText } from "./byte-range.ts";
import { compareHolds } from "./compare.ts";
import { KeyIndex, keyValue, textBytes, toBytes, type Version } from "./key-index.ts";
import { sortKvs, withinBounds } from "./range-query.ts";
import { refusals } from "./refusal.ts";
import { checkTxn } from "./txn-check.ts";

/** Leases and the keys attached to them: the model's view of the lease book. */
export interface LeaseKeeper {
  has(id: bigint): boolean;
  attach(id: bigint, key: string): void;
  detach(id: bigint, key: string): void;
}

export interface LoggedRevision {
  readonly revision: bigint;
  readonly events: readonly LoggedEvent[];
}

export interface LoggedEvent {
  readonly key: string;
  readonly event: KvEvent;
}

/** The whole state at one moment, as in a snapshot. */
export interface MvccState {
  readonly versions: ReadonlyMap<string, readonly Version[]>;
  readonly log: readonly LoggedRevision[];
  readonly revision: bigint;
  readonly compactedRevision: bigint;
}

/** A transaction's body while it is applied: the revision it would get and its events so far. */
interface Draft {
  readonly revision: bigint;
  readonly events: LoggedEvent[];
}

const noBytes: Uint8Array = new Uint8Array(0);
const headerless = { clusterId: 0n, memberId: 0n, revision: 0n, raftTerm: 0n } as const;

export class Mvcc {
  readonly #leases: LeaseKeeper;
  readonly #onRevision: (revision: LoggedRevision) => void;
  readonly #keys = new KeyIndex();
  #log: LoggedRevision[] = [];
  /** etcd counts from 1: an empty store is at revision 1. */
  revision = 1n;
  compactedRevision = 0n;

  readonly #checksInOrder: boolean;

  /**
   * @param onRevision called once per revision, after it is applied
   * @param checksInOrder as etcd 3.6: the operations of a transaction are checked in their order; older versions check
   *   all puts, then all ranges
   */
  constructor(leases: LeaseKeeper, onRevision: (revision: LoggedRevision) => void, checksInOrder: boolean) {
    this.#leases = leases;
    this.#onRevision = onRevision;
    this.#checksInOrder = checksInOrder;
  }

  range(request: RangeRequest): RangeResponse {
    const range = byteRange(request.key, request.rangeEnd);
    return this.#range(request, range, undefined);
  }

  put(request: PutRequest): PutResponse {
    return this.#apply((draft) => this.#put(request, draft));
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    return this.#apply((draft) => this.#delete(request, draft));
  }

  txn(request: TxnRequest): TxnResponse {
    checkTxn(request);
    // Compares of the whole tree are evaluated before anything is applied (etcd: compareToPath).
    const path = this.#path(request);
    this.#checkPath(request, path);
    return this.#apply((draft) => this.#txn(request, path, draft));
  }

  save(): MvccState {
    return {
      versions: this.#keys.save(),
      log: [...this.#log],
      revision: this.revision,
      compactedRevision: this.compactedRevision,
    };
  }

  /** Loads a saved state into an empty store; the leases of its keys come from the saved lease book. */
  load(state: MvccState): void {
    this.#keys.load(state.versions);
    this.#log = [...state.log];
    this.revision = state.revision;
    this.compactedRevision = state.compactedRevision;
  }

  /**
   * As etcdutl's `--bump-revision` with `--mark-compacted`: revisions before `to` cannot be read, and `puts` are
   * written at `to`.
   */
  bump(to: bigint, puts: readonly PutRequest[]): void {
    this.revision = to - 1n;
    this.#apply((draft) => {
      for (const put of puts) this.#put(put, draft);
    });
    this.revision = to;
    this.compact(to);
  }

  /** Deletes keys in one revision, as a revoked or expired lease does. */
  deleteKeys(keys: readonly string[]): void {
    this.#apply((draft) => {
      for (const key of [...keys].sort()) this.#deleteKey(key, draft);
    });
  }

  compact(revision: bigint): void {
    if (revision <= this.compactedRevision) throw refusals.compacted();
    if (revision > this.revision) throw refusals.future();
    this.compactedRevision = revision;
    this.#keys.compact(revision);
    this.#log = this.#log.filter((entry) => entry.revision >= revision);
  }

  /** Logged revisions from `from` on, inclusive. */
  logFrom(from: bigint): readonly LoggedRevision[] {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#log[middle]?.revision ?? 0n) < from) low = middle + 1;
      else high = middle;
    }
    return this.#log.slice(low);
  }

  /** The event with the previous value, unless it was compacted. */
  withPrevious(logged: LoggedEvent): KvEvent {
    const before = logged.event.kv.modRevision - 1n;
    if (before < this.compactedRevision) return logged.event;
    const prevKv = this.#keys.at(logged.key, before);
    return prevKv === undefined ? logged.event : { ...logged.event, prevKv };
  }

  #range(request: RangeRequest, range: ByteRange, draft: Draft | undefined): RangeResponse {
    const asked = request.revision ?? 0n;
    this.#checkRevision(asked);
    const at = asked > 0n ? asked : (draft?.revision ?? this.revision);
    let kvs: KeyValue[] = [];
    for (const key of this.#keys.keysIn(range)) {
      const kv = this.#keys.at(key, at);
      if (kv !== undefined) kvs.push(kv);
    }
    const count = BigInt(kvs.length);
    if (request.countOnly) return { header: headerless, kvs: [], more: false, count };
    kvs = kvs.filter((kv) => withinBounds(kv, request));
    sortKvs(kvs, request);
    const limit = request.limit ?? 0;
    const more = limit > 0 && kvs.length > limit;
    if (more) kvs.length = limit;
    if (request.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: noBytes }));
    return { header: headerless, kvs, more, count };
  }

  #put(request: PutRequest, draft: Draft): PutResponse {
    const key = keyText(request.key);
    const previous = this.#keys.at(key, draft.revision);
    this.#checkPut(request, previous);
    const lease = request.ignoreLease ? (previous?.lease ?? 0n) : (request.lease ?? 0n);
    const value = request.ignoreValue ? (previous?.value ?? noBytes) : toBytes(request.value).slice();
    if (previous !== undefined && previous.lease !== 0n && previous.lease !== lease)
      this.#leases.detach(previous.lease, key);
    if (lease !== 0n) this.#leases.attach(lease, key);
    const version: Version = {
      mod: draft.revision,
      create: previous?.createRevision ?? draft.revision,
      version: (previous?.version ?? 0n) + 1n,
      value,
      lease,
      deleted: false,
    };
    this.#keys.append(key, version);
    draft.events.push({ key, event: { type: "put", kv: keyValue(key, version) } });
    return { header: headerless, ...(request.prevKv && previous !== undefined ? { prevKv: previous } : {}) };
  }

  #delete(request: DeleteRangeRequest, draft: Draft): DeleteRangeResponse {
    const prevKvs: KeyValue[] = [];
    for (const key of [...this.#keys.keysIn(byteRange(request.key, request.rangeEnd))]) {
      const previous = this.#deleteKey(key, draft);
      if (previous !== undefined) prevKvs.push(previous);
    }
    return { header: headerless, deleted: BigInt(prevKvs.length), prevKvs: request.prevKv ? prevKvs : [] };
  }

  #deleteKey(key: string, draft: Draft): KeyValue | undefined {
    const previous = this.#keys.at(key, draft.revision);
    if (previous === undefined) return undefined;
    if (previous.lease !== 0n) this.#leases.detach(previous.lease, key);
    this.#keys.append(key, {
      mod: draft.revision,
      create: 0n,
      version: 0n,
      value: noBytes,
      lease: 0n,
      deleted: true,
    });
    const kv = {
      key: textBytes(key),
      value: noBytes,
      createRevision: 0n,
      modRevision: draft.revision,
      version: 0n,
      lease: 0n,
    };
    draft.events.push({ key, event: { type: "delete", kv } });
    return previous;
  }

  #txn(request: TxnRequest, path: Path, draft: Draft): TxnResponse {
    const ops = path.succeeded ? request.success : request.failure;
    const responses = ops.map((op, index) => this.#op(op, path.nested[index], draft));
    return { header: headerless, succeeded: path.succeeded, responses };
  }

  #op(op: TxnOp, path: Path | undefined, draft: Draft): TxnOpResponse {
    if (op.type === "range") {
      return {
        type: "range",
        range: this.#range(op.range, byteRange(op.range.key, op.range.rangeEnd), draft),
      };
    }
    if (op.type === "put") return { type: "put", put: this.#put(op.put, draft) };
    if (op.type === "delete") return { type: "delete", delete: this.#delete(op.delete, draft) };
    return { type: "txn", txn: this.#txn(op.txn, path ?? { succeeded: false, nested: [] }, draft) };
  }

  /** Which branch each transaction of the tree takes. */
  #path(request: TxnRequest): Path {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    const ops = succeeded ? request.success : request.failure;
    return { succeeded, nested: ops.map((op) => (op.type === "txn" ? this.#path(op.txn) : undefined)) };
  }

  /**
   * Refuses a transaction that would fail half-way before anything is applied; the version decides which error is
   * returned.
   */
  #checkPath(request: TxnRequest, path: Path): void {
    const ops = opsTaken(request, path);
    const inTurn = this.#checksInOrder
      ? ops
      : [...ops.filter(({ type }) => type === "put"), ...ops.filter(({ type }) => type === "range")];
    for (const op of inTurn) {
      if (op.type === "put") this.#checkPut(op.put, this.#keys.at(keyText(op.put.key), this.revision));
      if (op.type === "range") this.#checkRevision(op.range.revision ?? 0n);
    }
  }

  #checkRevision(asked: bigint): void {
    if (asked > this.revision) throw refusals.future();
    if (asked > 0n && asked < this.compactedRevision) throw refusals.compacted();
  }

  #checkPut(request: PutRequest, previous: KeyValue | undefined): void {
    if (keyText(request.key) === "") throw refusals.emptyKey();
    if (request.ignoreValue && toBytes(request.value).length > 0) throw refusals.valueProvided();
    if (request.ignoreLease && (request.lease ?? 0n) !== 0n) throw refusals.leaseProvided();
    if ((request.ignoreValue || request.ignoreLease) && previous === undefined) throw refusals.keyNotFound();
    if ((request.lease ?? 0n) !== 0n && !this.#leases.has(request.lease ?? 0n))
      throw refusals.leaseNotFound();
  }

  #holds(compare: Compare): boolean {
    const range = byteRange(compare.key, compare.rangeEnd);
    if (compare.rangeEnd === undefined || toBytes(compare.rangeEnd).length === 0) {
      return compareHolds(compare, this.#keys.at(range.start, this.revision));
    }
    const present = [...this.#keys.keysIn(range)].flatMap((key) => this.#keys.at(key, this.revision) ?? []);
    // An empty range compares as one absent key, but never by value (etcd: applyCompare).
    if (present.length === 0) return compare.target !== "value" && compareHolds(compare, undefined);
    return present.every((kv) => compareHolds(compare, kv));
  }

  #apply<T>(body: (draft: Draft) => T): T {
    const draft: Draft = { revision: this.revision + 1n, events: [] };
    const answer = body(draft);
    if (draft.events.length > 0) {
      this.revision = draft.revision;
      const logged = { revision: draft.revision, events: draft.events };
      this.#log.push(logged);
      this.#onRevision(logged);
    }
    return answer;
  }
}

/** Which branch a transaction takes, and those nested in it by operation index. */
interface Path {
  readonly succeeded: boolean;
  readonly nested: readonly (Path | undefined)[];
}

/** The operations on the taken path, nested ones in place. */
function opsTaken(request: TxnRequest, path: Path): readonly TxnOp[] {
  return (path.succeeded ? request.success : request.failure).flatMap((op, index) => {
    const nested = path.nested[index];
    return op.type === "txn" && nested !== undefined ? opsTaken(op.txn, nested) : [op];
  });
}
