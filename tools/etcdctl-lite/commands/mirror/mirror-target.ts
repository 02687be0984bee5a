/**
 * The destination of `make-mirror`: applies transactions in order, each effectively once, however often the destination
 * is unavailable.
 *
 *   txn n = if mod(fence) is what txn n-1 made of it, then: the mirror's operations, put fence
 *
 * A transaction with a lost response may still be applied later, after others: then its condition fails, because every
 * transaction changes the fence. So it is sent again until it is known to be applied, and an old one cannot overwrite
 * newer values. The fence is a key of this process under a lease, or the requested checkpoint, which stays and stores
 * the position.
 */
import { isStoreError, type StoreError } from "keelson";
import type { Etcd, EtcdCall, KeyValue, Lease, TxnOp } from "keelson/etcd";
import { badInput, CliFailure, exitCodes } from "../../cli/failure.ts";

/** Seconds after which the fence of a killed mirror expires. */
const fenceTtlSeconds = 60;
/** Back-off while the destination is unavailable. */
const retryWaits = { firstMs: 100, maxMs: 5_000 } as const;
const fencePrefix = "keelson/mirror/";

/** The position of a mirror: everything of the source up to and including `revision` is in the destination. */
export interface Position {
  /** Id of the source cluster; hexadecimal. */
  readonly cluster: string;
  readonly revision: bigint;
  /** While the first copy, at `revision`, is incomplete: the key from which it continues. */
  readonly copyFrom?: Uint8Array | undefined;
}

export interface TargetOptions {
  readonly call: EtcdCall;
  readonly signal: AbortSignal;
  /** The key that stores the position; undefined: none. */
  readonly checkpoint: Uint8Array | undefined;
  readonly warn: (text: string) => void;
}

export class MirrorTarget implements AsyncDisposable {
  readonly #etcd: Etcd;
  readonly #options: TargetOptions;
  readonly #key: Uint8Array;
  /** Prevents using the position of another mirror. */
  readonly #writer: string;
  #count = 0;
  /** Undefined if this user may not write the fence's key. */
  #fence: bigint | undefined;
  #lease: Lease | undefined;

  private constructor(etcd: Etcd, options: TargetOptions) {
    this.#etcd = etcd;
    this.#options = options;
    this.#writer = Buffer.from(etcd.random.bytes(8)).toString("hex");
    this.#key = options.checkpoint ?? Buffer.from(`${fencePrefix}${this.#writer}`);
  }

  /** @returns the target, and the position in its checkpoint */
  static async open(
    etcd: Etcd,
    options: TargetOptions,
  ): Promise<{ readonly target: MirrorTarget; readonly position: Position | undefined }> {
    const target = new MirrorTarget(etcd, options);
    const found = await target.#persist(() => target.#read());
    if (options.checkpoint === undefined) {
      await target.#persist(() => target.#placeFence());
      return { target, position: undefined };
    }
    target.#fence = found?.modRevision ?? 0n;
    return { target, position: found === undefined ? undefined : positionIn(found) };
  }

  /** Applies `ops`, at most one per key, after all previous ones; returns once they are applied. */
  async apply(ops: readonly TxnOp[], position: Position): Promise<void> {
    if (this.#fence === undefined) return await this.#applyUnfenced(ops);
    const value = JSON.stringify({
      cluster: position.cluster,
      revision: position.revision.toString(),
      ...(position.copyFrom === undefined
        ? {}
        : { copyFrom: Buffer.from(position.copyFrom).toString("base64") }),
      writer: this.#writer,
      count: ++this.#count,
    });
    await this.#persist(() => this.#applyFenced(ops, value));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease?.revoke({ timeoutMs: 1_000 }).catch(() => undefined);
    await this.#lease?.[Symbol.asyncDispose]();
  }

  async #applyFenced(ops: readonly TxnOp[], value: string): Promise<void> {
    const lease = this.#lease?.id;
    const { header, succeeded } = await this.#etcd.kv.txn(
      {
        compare: [{ key: this.#key, target: "mod", result: "=", operand: this.#fence ?? 0n }],
        success: [...ops, { type: "put", put: { key: this.#key, value, lease } }],
        failure: [],
      },
      this.#options.call,
    );
    if (succeeded) {
      this.#fence = header.revision;
      return;
    }
    const found = await this.#read();
    if (found !== undefined && Buffer.from(found.value).toString() === value) {
      // It was already applied, and its response was lost.
      this.#fence = found.modRevision;
      return;
    }
    if (this.#options.checkpoint !== undefined) {
      throw new CliFailure(
        exitCodes.error,
        `the checkpoint "${Buffer.from(this.#key).toString()}" was changed by somebody else: another make-mirror continues it`,
      );
    }
    // Its lease expired while the destination was unavailable. Transactions with the old fence can no longer be
    // applied.
    await this.#placeFence();
    await this.#applyFenced(ops, value);
  }

  async #applyUnfenced(ops: readonly TxnOp[]): Promise<void> {
    if (ops.length === 0) return;
    await this.#persist(() =>
      this.#etcd.kv.txn({ compare: [], success: ops, failure: [] }, this.#options.call),
    );
  }

  async #placeFence(): Promise<void> {
    try {
      if (this.#lease === undefined || this.#lease.lost.aborted) {
        await this.#lease?.[Symbol.asyncDispose]();
        this.#lease = await this.#etcd.leases.hold({ ttlSeconds: fenceTtlSeconds }, this.#options.call);
      }
      const put = { key: this.#key, value: "", lease: this.#lease.id };
      this.#fence = (await this.#etcd.kv.put(put, this.#options.call)).header.revision;
    } catch (error) {
      if (!isStoreError(error, "PERMISSION_DENIED") || this.#fence !== undefined) throw error;
      this.#options.warn(
        `the destination's user may not write keys below "${fencePrefix}": the mirror ends at the first write whose answer is lost`,
      );
    }
  }

  async #read(): Promise<KeyValue | undefined> {
    if (this.#options.checkpoint === undefined && this.#fence === undefined) return undefined;
    return (await this.#etcd.kv.range({ key: this.#key }, this.#options.call)).kvs[0];
  }

  /**
   * Retries `work` while the destination is unavailable. Reports once when it becomes unavailable, and when it is back.
   */
  async #persist<T>(work: () => Promise<T>): Promise<T> {
    let waitMs: number = retryWaits.firstMs;
    for (;;) {
      try {
        const result = await work();
        if (waitMs > retryWaits.firstMs) this.#options.warn("the destination answers again");
        return result;
      } catch (error) {
        if (!isAway(error) || (isStoreError(error, "OUTCOME_UNKNOWN") && this.#fence === undefined))
          throw error;
        if (waitMs === retryWaits.firstMs) {
          this.#options.warn(`the destination does not answer, and is tried again: ${error.message}`);
        }
        await this.#etcd.clock.sleep(waitMs, this.#options.signal);
        waitMs = Math.min(retryWaits.maxMs, waitMs * 2);
      }
    }
  }
}

function isAway(error: unknown): error is StoreError {
  return isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN");
}

/** @throws CliFailure for a value that no mirror has written */
function positionIn({ key, value }: KeyValue): Position {
  try {
    const stored: unknown = JSON.parse(Buffer.from(value).toString());
    if (typeof stored === "object" && stored !== null && "cluster" in stored && "revision" in stored) {
      const position = { cluster: String(stored.cluster), revision: BigInt(String(stored.revision)) };
      if (!("copyFrom" in stored)) return position;
      return { ...position, copyFrom: Buffer.from(String(stored.copyFrom), "base64") };
    }
  } catch {
    // Reported below, as for any other value.
  }
  throw badInput(`"${Buffer.from(key).toString()}" holds no checkpoint of make-mirror: give another key`);
}
