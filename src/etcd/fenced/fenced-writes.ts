/**
 * Fenced writes over the ports (fenced-write.ts has the contract): one transaction per write, settled when its
 * response is lost.
 *
 *   compare   mod(key) = guard, mod(session) = s, for a create: mod(tombstone) <= R, the caller's   write-txn.ts
 *   success   put or delete, for a delete: put tombstone, the caller's
 *   failure   read key; if it matches the guard, a second transaction reads session, tombstone and the caller's reads
 *
 *   one: single-write.ts · many: bulk-writes.ts · lost response: lost-responses.ts, write-settlement.ts
 *   session keys: write-sessions.ts · tombstones: tombstones.ts · time: write-span.ts
 */
import { StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import { writeAll } from "./bulk-writes.ts";
import type {
  FencedCall,
  FencedWrite,
  FencedWriteStats,
  FencedWrites,
  WriteOutcome,
} from "./fenced-write.ts";
import type { WriteContext } from "./lost-responses.ts";
import { writeOne } from "./single-write.ts";
import { WriteSessions } from "./write-sessions.ts";
import { WriteSpan } from "./write-span.ts";

/** @param options.root bookkeeping root without a trailing slash, e.g. "/keelson/registry" */
export function createFencedWrites(options: { readonly etcd: Etcd; readonly root: string }): FencedWrites {
  return new FencedWriter(options.etcd, options.root);
}

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
}
