/**
 * Fenced writes over the ports (fenced-write.ts has the contract): one transaction a write, settled when its answer
 * is lost.
 *
 *   compare   mod(key) = guard, mod(session) = s, a create: mod(tombstone) <= R, the caller's     write-txn.ts
 *   success   put or delete, a delete: put tombstone, the caller's
 *   failure   key as it is; when that is as the guard says: session, tombstone, the caller's reads in a look of their own
 *
 *   one: single-write.ts · many: bulk-writes.ts · answer lost: lost-answers.ts, write-settlement.ts
 *   session keys: write-sessions.ts · tombstones: tombstones.ts · time: write-span.ts
 */
import type { Call } from "../../base/call.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { Compare, KeyValue, TxnOpResponse, TxnRequest } from "../ports/messages.ts";
import { writeAll } from "./bulk-writes.ts";
import type {
  FencedCall,
  FencedWrite,
  FencedWriteStats,
  FencedWrites,
  WriteOutcome,
} from "./fenced-write.ts";
import { type WriteContext, writeBackoff } from "./lost-answers.ts";
import { writeOne } from "./single-write.ts";
import { tombstoneKey, tombstoneValue } from "./tombstones.ts";
import { WriteSessions } from "./write-sessions.ts";
import { WriteSpan } from "./write-span.ts";

/** A tombstone needs some value; that of a delete is its write id. */
const tombstoneIdBytes = 16;

/** @param options.root bookkeeping root without a slash at the end, e.g. "/keelson/registry" */
export function createFencedWrites(options: { readonly etcd: Etcd; readonly root: string }): FencedWrites {
  return new FencedWriter(options.etcd, options.root);
}

type Burial = Awaited<ReturnType<FencedWrites["bury"]>>;

class FencedWriter implements FencedWrites {
  readonly #context: WriteContext;
  #underWay = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(etcd: Etcd, root: string) {
    this.#context = {
      etcd,
      root,
      sessions: new WriteSessions(etcd, root),
      counters: {
        writes: 0,
        unknown: 0,
        settledApplied: 0,
        settledNotApplied: 0,
        unsettled: 0,
        noSpaceApplied: 0,
        sessionRetries: 0,
        graveRetries: 0,
        sessions: 0,
        fences: 0,
        groups: 0,
      },
    };
  }

  async write(write: FencedWrite, call: FencedCall = {}): Promise<WriteOutcome> {
    this.#context.counters.writes++;
    this.#enter();
    try {
      return await writeOne(this.#context, write, this.#span(call));
    } finally {
      this.#leave();
    }
  }

  async writeMany(
    writes: readonly FencedWrite[],
    call: FencedCall = {},
  ): Promise<readonly (WriteOutcome | StoreError)[]> {
    this.#context.counters.writes += writes.length;
    return this.#tracked(() => writeAll(this.#context, writes, call));
  }

  async bury(key: string, call: Call = {}): Promise<Burial> {
    return this.#tracked(() => this.#bury(key, this.#span(call)));
  }

  stats(): FencedWriteStats {
    const { counters, sessions } = this.#context;
    return { ...counters, sessions: sessions.opened, fences: sessions.fences };
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      await this.#context.sessions.close();
    })();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #span(call: FencedCall): WriteSpan {
    return new WriteSpan(this.#context.etcd, call);
  }

  async #tracked<T>(work: () => Promise<T>): Promise<T> {
    this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(): void {
    if (this.#closing !== undefined) {
      throw new StoreError("CLOSED", "Cannot write: the store is closed", { what: "store" });
    }
    this.#underWay++;
  }

  #leave(): void {
    if (--this.#underWay === 0) this.#idle?.();
  }

  async #bury(key: string, span: WriteSpan): Promise<Burial> {
    const { etcd, root } = this.#context;
    const { kv, random } = etcd;
    const absent: Compare = { key, target: "create", result: "=", operand: 0n };
    const tombstone = {
      key: tombstoneKey(root, key),
      value: tombstoneValue([random.bytes(tombstoneIdBytes)]),
    };
    const txn: TxnRequest = {
      compare: [absent],
      success: [{ type: "put", put: tombstone }],
      failure: [{ type: "range", range: { key } }],
    };
    const backoff = writeBackoff(etcd);
    for (;;) {
      const { signal, refusalPatienceMs } = span;
      const call = { signal, timeoutMs: span.requestMs({ key }), refusalPatienceMs };
      try {
        // Repeating it changes nothing, so a lost answer needs no settling.
        const { header, succeeded, responses } = await kv.txn(txn, call);
        const { revision } = header;
        if (succeeded) return { outcome: "absent", revision, final: true };
        const current = firstKv(responses[0]);
        if (current !== undefined) return { outcome: "present", revision, current };
      } catch (error) {
        if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) {
          const { header, kvs } = await kv.range({ key }, call);
          const { revision } = header;
          const [current] = kvs;
          if (current !== undefined) return { outcome: "present", revision, current };
          return { outcome: "absent", revision, final: false };
        }
        if (!isStoreError(error, "OUTCOME_UNKNOWN") && !span.mayTryAgain(error)) throw error;
        await span.pause(backoff, { key }, error);
      }
    }
  }
}

function firstKv(response: TxnOpResponse | undefined): KeyValue | undefined {
  return response?.type === "range" ? response.range.kvs[0] : undefined;
}
