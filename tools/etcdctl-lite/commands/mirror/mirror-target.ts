/**
 * The destination of `make-mirror`: transactions applied in order, each exactly as if once, however often the destination goes away.
 *
 *   txn n = if mod(fence) is what txn n-1 made of it, then: the mirror's operations, put fence
 *
 * A transaction without an answer may still be applied later, after others: then its condition no longer holds, because every
 * transaction moves the fence. So it is sent again until it is known to be in, and nothing old can overwrite what is newer. The fence
 * is a key of this process under a lease, or the checkpoint asked for: that one stays, and says where to go on.
 */
import { isStoreError, type StoreError } from "keelson";
import type { Etcd, EtcdCall, KeyValue, Lease, TxnOp } from "keelson/etcd";
import { badInput, CliFailure, exitCodes } from "../../cli/failure.ts";

/** Seconds: a fence of a mirror that was killed goes after this. */
const fenceTtlSeconds = 60;
/** Waits between tries on a destination that is away. */
const retryWaits = { firstMs: 100, maxMs: 5_000 } as const;
const fencePrefix = "keelson/mirror/";

/** Where a mirror is: everything of the source up to and including `revision` is in the destination. */
export interface Position {
  /** Of the source; hexadecimal. */
  readonly cluster: string;
  readonly revision: bigint;
  /** While the first copy, as of `revision`, is not complete: the key it goes on from. */
  readonly copyFrom?: Uint8Array | undefined;
}

export interface TargetOptions {
  readonly call: EtcdCall;
  readonly signal: AbortSignal;
  /** A key to keep the position in; undefined: none. */
  readonly checkpoint: Uint8Array | undefined;
  readonly warn: (text: string) => void;
}

export class MirrorTarget implements AsyncDisposable {
  readonly #etcd: Etcd;
  readonly #options: TargetOptions;
  readonly #key: Uint8Array;
  /** So that no other process's position is taken for one's own. */
  readonly #writer: string;
  #count = 0;
  /** Undefined where the destination grants no right to the fence's key. */
  #fence: bigint | undefined;
  #lease: Lease | undefined;

  private constructor(etcd: Etcd, options: TargetOptions) {
    this.#etcd = etcd;
    this.#options = options;
    this.#writer = Buffer.from(etcd.random.bytes(8)).toString("hex");
    this.#key = options.checkpoint ?? Buffer.from(`${fencePrefix}${this.#writer}`);
  }

  /** @returns the target, and the position its checkpoint names */
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

  /** Applies `ops`, at most one a key, after everything before; returns once they are in. */
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
      // It was in already: its answer was lost.
      this.#fence = found.modRevision;
      return;
    }
    if (this.#options.checkpoint !== undefined) {
      throw new CliFailure(
        exitCodes.error,
        `the checkpoint "${Buffer.from(this.#key).toString()}" was changed by somebody else: another make-mirror goes on with it`,
      );
    }
    // Its lease ran out while the destination was away. What was sent under the old fence can no longer be applied.
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

  /** `work`, again while the destination is away. Told once when it goes, and when it is back. */
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
    // Said below, as for any other value.
  }
  throw badInput(`"${Buffer.from(key).toString()}" holds no checkpoint of make-mirror: give another key`);
}
