/**
 * The identity of this prefix's history: a random id kept under the bookkeeping root, made once, made anew by a
 * restore. Versions, tokens and watches of one epoch mean nothing in another.
 *
 *   record changes (our restore writes a new one) ─────────────────────────► new epoch
 *   etcd's revision goes back, record is the old one (a plain restore) ─► a new record is written ─► new epoch
 *
 * A version from before a restore cannot pass for one after it as long as the restore moves revisions on (bump): no
 * object carries a version between the restored one and the epoch's first. Without a bump the numbers come again,
 * and only those who watched it happen can tell.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { isStoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { Etcd, EtcdCall, Kv } from "../../etcd/ports/ports.ts";

/** 128 random bits: no two stores ever share one. */
const idBytes = 16;
/** Between tries to watch the record again, milliseconds. */
const retryWaits = { firstMs: 100, maxMs: 10_000 } as const;
/** Without rights or space to make a record. */
const unrecorded = "unrecorded";

interface EpochRecord {
  readonly id: string;
  /** Of the record; 0n when there is none. */
  readonly modRevision: bigint;
}

export class Epoch {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #key: string;
  readonly #random: Random;
  #record: EpochRecord;
  /** Grows when history was replaced and nobody could write that down: this process tells the two apart by it. */
  #unwritten = "";
  readonly #listeners = new Set<() => void>();

  private constructor(kv: Pick<Kv, "range" | "txn">, key: string, random: Random, record: EpochRecord) {
    this.#kv = kv;
    this.#key = key;
    this.#random = random;
    this.#record = record;
  }

  /** Reads the record, or makes it; without rights or space to make it, this process goes on with "unrecorded". */
  static async open(
    kv: Pick<Kv, "range" | "txn">,
    key: string,
    random: Random,
    call: EtcdCall,
  ): Promise<Epoch> {
    const epoch = new Epoch(kv, key, random, { id: unrecorded, modRevision: 0n });
    epoch.#record = await epoch.#readOrMake(call);
    return epoch;
  }

  /** Opaque; equal ids mean one history. */
  get id(): string {
    return this.#record.id + this.#unwritten;
  }

  /** The first revision of this epoch; 0n while it is not recorded. Objects may carry older versions, readers none. */
  get firstRevision(): bigint {
    return this.#record.modRevision;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Notices changes until aborted. */
  async follow({ watches }: Pick<Etcd, "watches">, clock: Clock, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(retryWaits, clock, this.#random);
    while (!signal.aborted) {
      try {
        const { header, kvs } = await this.#kv.range({ key: this.#key }, { signal });
        const [kv] = kvs;
        this.#take(kv === undefined ? await this.#readOrMake({ signal }) : recordOf(kv));
        const startRevision = header.revision + 1n;
        await using watch = watches.open({ key: this.#key, startRevision }, { signal });
        for await (const batch of watch) {
          backoff.reset();
          if (batch.type !== "events") continue;
          const last = batch.events.at(-1);
          if (last?.type === "put") this.#take(recordOf(last.kv));
          else if (last?.type === "delete") this.#take(await this.#readOrMake({ signal }));
        }
      } catch (error) {
        if (signal.aborted) return;
        const wentBack = isStoreError(error, "EXPIRED") && error.details.reason === "restored";
        // A failure to write the new record is met again at the next turn: the id stays the old one until then.
        if (wentBack) await this.#renew({ signal }).catch(() => undefined);
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  #take(record: EpochRecord): void {
    const isNew = record.id !== this.#record.id;
    this.#record = record;
    if (isNew) this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The revision went back: unless somebody has done so already, a new id is written. */
  async #renew(call: EtcdCall): Promise<void> {
    const { kvs } = await this.#kv.range({ key: this.#key }, call);
    const [kv] = kvs;
    const found = kv === undefined ? undefined : recordOf(kv);
    if (found === undefined || found.id === this.#record.id) {
      try {
        await this.#write(found?.modRevision ?? 0n, call);
      } catch (error) {
        if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
        this.#unwritten += "'";
        this.#tell();
        return;
      }
    }
    this.#take(await this.#readOrMake(call));
  }

  async #readOrMake(call: EtcdCall): Promise<EpochRecord> {
    for (;;) {
      const { kvs } = await this.#kv.range({ key: this.#key }, call);
      const [kv] = kvs;
      if (kv !== undefined) return recordOf(kv);
      try {
        await this.#write(0n, call);
      } catch (error) {
        if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return { id: unrecorded, modRevision: 0n };
        throw error;
      }
    }
  }

  /** Writes a new id unless the record has moved on from `guard`; the next read tells whose it is. */
  async #write(guard: bigint, call: EtcdCall): Promise<void> {
    const key = this.#key;
    const value = Buffer.from(this.#random.bytes(idBytes)).toString("hex");
    try {
      await this.#kv.txn(
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

function recordOf({ value, modRevision }: KeyValue): EpochRecord {
  return { id: new TextDecoder().decode(value), modRevision };
}
