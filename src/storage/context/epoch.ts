/**
 * The identity of this prefix's history: a random id under the bookkeeping root, created once, and again by a
 * restore. Versions, tokens and watches of one epoch are void in another.
 *
 *   record changes (our restore writes a new one) ──────────────────────► new epoch
 *   the client detects another history (a plain restore) ─► reported at once, under an id of this process alone
 *                                         └─ then a new record is written, until that succeeds, unless another has
 *
 * An id names the cluster in which it was created. So even a process that has never held a record detects that a
 * snapshot brought it back from another cluster, and replaces it.
 *
 * The change is reported at once, because work begun in the old history must not get results from the new one while
 * etcd cannot yet take a record. A version from before a restore cannot pass for a later one as long as the restore
 * raises revisions (bump): no object has a version between the restored one and the epoch's first. Without a bump the
 * numbers repeat, and only processes that watched the restore can distinguish them.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError } from "../../errors.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { Header, KeyValue } from "../../etcd/ports/messages.ts";

/** Random digits of an id; the rest is the id of the cluster in which it was created. */
const randomBytes = 8;
/** Number of earlier ids remembered: one per restore. */
const heldMax = 64;
/** Wait between tries to write the record or to watch it again, milliseconds. */
const retryWaits = { firstMs: 100, maxMs: 2_000 } as const;
/** Used without permission or space to create a record. */
const unrecorded = "unrecorded";

interface EpochRecord {
  readonly id: string;
  /** Mod revision of the record; 0n when there is none. */
  readonly modRevision: bigint;
}

/** A record, and the cluster that has it. */
interface Found {
  readonly record: EpochRecord;
  readonly clusterId: bigint;
}

type EpochEtcd = Pick<Etcd, "history" | "watches"> & { readonly kv: Pick<Kv, "range" | "txn"> };

export class Epoch implements Disposable {
  readonly #etcd: EpochEtcd;
  readonly #key: string;
  readonly #random: Random;
  readonly #listeners = new Set<() => void>();
  readonly #subscription: Disposable;
  #record: EpochRecord = { id: unrecorded, modRevision: 0n };
  /** Grows with each replaced history: it distinguishes histories in this process until a record does. */
  #mark = "";
  /** The history was replaced, and this process knows of no record of that yet. */
  #unwritten = false;
  /** Ids held so far, including this one: none of them is used again. */
  readonly #held = new Set<string>();
  /** The outdated record that was read since the history was replaced. */
  #outdated: string | undefined;
  /** Ends a turn of `follow`: there is work to do at once. */
  #again = new AbortController();

  private constructor(etcd: EpochEtcd, key: string, random: Random) {
    this.#etcd = etcd;
    this.#key = key;
    this.#random = random;
    this.#subscription = etcd.history.onReplaced(() => this.#replaced());
  }

  /**
   * Reads the record, or creates it; where it cannot be created, this process continues with "unrecorded". A record that a
   * snapshot has brought from another cluster is replaced before anything is done in its name.
   */
  static async open(etcd: EpochEtcd, key: string, random: Random, call: EtcdCall): Promise<Epoch> {
    const epoch = new Epoch(etcd, key, random);
    try {
      const { record, clusterId } = await epoch.#readOrMake(call);
      epoch.#hold(record);
      if (record.modRevision !== 0n && !isOf(clusterId, record)) {
        epoch.#mark = "'";
        epoch.#unwritten = true;
        await epoch.#renew(call);
      }
      return epoch;
    } catch (error) {
      epoch[Symbol.dispose]();
      throw error;
    }
  }

  /** Opaque; equal ids mean one history. */
  get id(): string {
    return this.#record.id + this.#mark;
  }

  /** The recorded id; the old one until a replaced history is recorded. */
  get recordedId(): string {
    return this.#unwritten ? this.#record.id : this.id;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** No change is detected any more. */
  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  /** Detects changes until aborted. */
  async follow(clock: Clock, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(retryWaits, clock, this.#random);
    while (!signal.aborted) {
      this.#again = new AbortController();
      const turn = AbortSignal.any([signal, this.#again.signal]);
      const { generation } = this.#etcd.history;
      let isTold = false;
      try {
        if (this.#unwritten) await this.#renew({ signal: turn });
        const { header, kvs } = await this.#etcd.kv.range({ key: this.#key }, { signal: turn });
        const [kv] = kvs;
        this.#hear(kv === undefined ? await this.#readOrMake({ signal: turn }) : foundOf(kv, header));
        const startRevision = header.revision + 1n;
        turn.throwIfAborted();
        await using watch = this.#etcd.watches.open({ key: this.#key, startRevision }, { signal: turn });
        for await (const batch of watch) {
          backoff.reset();
          if (batch.type !== "events") continue;
          const last = batch.events.at(-1);
          if (last?.type === "put") this.#hear(foundOf(last.kv, batch.header));
          else if (last?.type === "delete") this.#hear(await this.#readOrMake({ signal: turn }));
        }
      } catch (error) {
        if (signal.aborted) return;
        const wentBack = isStoreError(error, "EXPIRED") && error.details.reason === "restored";
        // The watch may detect a change that no other request did.
        isTold = wentBack && this.#etcd.history.generation === generation;
        if (isTold) this.#replaced();
      }
      // While reads and watches get responses from two histories, the next turn would report the same again: it
      // waits.
      if (this.#again.signal.aborted && !isTold) continue;
      await backoff.wait(isTold ? signal : turn).catch(() => undefined);
    }
  }

  /**
   * Compares the record from a linearizable read with the known one. Another record means that the history was
   * replaced, or that another process says so. The change is reported before this resolves.
   */
  async confirm(found: KeyValue | undefined, call: EtcdCall): Promise<void> {
    if (found?.modRevision === this.#record.modRevision) {
      if (recordOf(found).id === this.#record.id) return;
    } else if (found === undefined && this.#record.modRevision === 0n) return;
    // The response may be older than the known record; a read that begins now cannot be.
    const { header, kvs } = await this.#etcd.kv.range({ key: this.#key }, call);
    const [kv] = kvs;
    if (kv !== undefined) this.#hear(foundOf(kv, header));
    else this.#again.abort();
  }

  /** Reported at once to all parts of this process; `follow` records it. */
  #replaced(): void {
    this.#outdated = undefined;
    this.#mark += "'";
    this.#unwritten = true;
    this.#again.abort();
    this.#tell();
  }

  #hear(found: Found): void {
    if (this.#mark === "" || !this.#isOutdated(found)) return this.#take(found.record);
    const { id } = found.record;
    // Another record than the one read since: yet another history, which nothing else reports.
    const isOther = this.#outdated !== undefined && this.#outdated !== id;
    this.#outdated = id;
    if (!isOther) return;
    this.#mark += "'";
    this.#tell();
  }

  /** Whether the record is from before the history was replaced, and a snapshot has restored it. */
  #isOutdated({ record, clusterId }: Found): boolean {
    return this.#held.has(record.id) || !isOf(clusterId, record);
  }

  #hold(record: EpochRecord): void {
    this.#record = record;
    this.#held.add(record.id);
    for (const id of this.#held) if (this.#held.size > heldMax) this.#held.delete(id);
  }

  #take(record: EpochRecord): void {
    const isNew = record.id !== this.#record.id;
    this.#hold(record);
    if (!isNew) return;
    this.#outdated = undefined;
    this.#mark = "";
    this.#unwritten = false;
    // Also where a replaced history was reported already: the record may belong to yet another one, and reads since
    // then belong to neither for certain.
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Writes a new id unless another process has done so already. @throws errors that are retried */
  async #renew(call: EtcdCall): Promise<void> {
    const { header, kvs } = await this.#etcd.kv.range({ key: this.#key }, call);
    const [kv] = kvs;
    if (kv === undefined || this.#isOutdated(foundOf(kv, header))) {
      try {
        await this.#write(kv?.modRevision ?? 0n, header.clusterId, call);
      } catch (error) {
        if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
        // The mark stays: only this process distinguishes the two histories.
        this.#unwritten = false;
        return;
      }
    }
    this.#take((await this.#readOrMake(call)).record);
  }

  async #readOrMake(call: EtcdCall): Promise<Found> {
    for (;;) {
      const { header, kvs } = await this.#etcd.kv.range({ key: this.#key }, call);
      const [kv] = kvs;
      if (kv !== undefined) return foundOf(kv, header);
      const { clusterId } = header;
      try {
        await this.#write(0n, clusterId, call);
      } catch (error) {
        if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
        return { record: { id: unrecorded, modRevision: 0n }, clusterId };
      }
    }
  }

  /** Writes a new id unless the record has changed since `guard`; the next read shows the winner. */
  async #write(guard: bigint, clusterId: bigint, call: EtcdCall): Promise<void> {
    const key = this.#key;
    const value = Buffer.from(this.#random.bytes(randomBytes)).toString("hex") + textOf(clusterId);
    try {
      await this.#etcd.kv.txn(
        {
          compare: [{ key, target: "mod", result: "=", operand: guard }],
          success: [{ type: "put", put: { key, value } }],
          failure: [],
        },
        call,
      );
    } catch (error) {
      if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
    }
  }
}

function foundOf(kv: KeyValue, { clusterId }: Header): Found {
  return { record: recordOf(kv), clusterId };
}

/** Whether the record was created in that cluster. */
function isOf(clusterId: bigint, { id }: EpochRecord): boolean {
  return id.endsWith(textOf(clusterId));
}

/** 16 hex digits. */
function textOf(clusterId: bigint): string {
  return clusterId.toString(16).padStart(16, "0");
}

function recordOf({ value, modRevision }: KeyValue): EpochRecord {
  return { id: new TextDecoder().decode(value), modRevision };
}
