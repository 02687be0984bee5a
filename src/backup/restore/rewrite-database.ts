/**
 * The database of a restored member, written from a snapshot in one pass.
 *
 *   key      records up to the target revision, then the bump: one record per key of `epochs`, or one empty record
 *   meta     consistent index, term and confState of the new cluster; compaction marks; the rest unchanged
 *   lease    unchanged, plus a lease for every missing id that a live key names
 *   members  the new ones; members_removed and alarm: empty; everything else unchanged
 *
 * The pass also computes the HashKV of the source, for comparison with the output.
 */
import type { Page } from "../database/bolt-page.ts";
import type { Bucket } from "../database/bolt-reader.ts";
import type { BoltWriter } from "../database/bolt-writer.ts";
import { encodeKeyValue, encodeLease, peekKeyValue } from "../files/etcd-records.ts";
import type { Examined } from "../records/examine.ts";
import { HashKv } from "../records/hash-kv.ts";
import { compareMain, encodeRevision, mainBound, RecordCursor } from "../records/mvcc-record.ts";
import { type Membership, memberJson } from "./membership.ts";
import { restoreTerm } from "./wal.ts";

export interface RewritePlan {
  readonly membership: Membership;
  /** Last revision kept. */
  readonly revision: bigint;
  /** Revision of the bump record; undefined for none. Everything before it is marked as compacted. */
  readonly bumpTo: bigint | undefined;
  /** New values of the epoch keys, by key as Latin-1 text; written at `bumpTo`. */
  readonly epochs: ReadonlyMap<string, Uint8Array>;
  readonly keepAlarms: boolean;
  readonly clearDowngrade: boolean;
  /** Disable authentication, keep users and roles. */
  readonly withoutAuth: boolean;
  /** For leases that a kept key names but the snapshot no longer has. */
  readonly missingLeaseTtlSeconds: bigint;
  /** Records that follow the snapshot's own, up to `revision`: a repository's deltas. */
  readonly more?: AsyncIterable<readonly RawRecord[]> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A record of the `key` bucket as stored. */
export interface RawRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface Rewritten {
  /** HashKV of the source, `more` included, at `revision`. */
  readonly hashKv: number;
  readonly leasesAdded: number;
}

const replaced: ReadonlySet<string> = new Set([
  "members",
  "members_removed",
  "alarm",
  "meta",
  "lease",
  "key",
]);

/** Every bucket that etcd expects, so that snapshots of all versions result in the same set. */
const always: readonly string[] = ["alarm", "key", "lease", "members", "members_removed", "meta"];

export async function rewriteDatabase(
  examined: Examined,
  writer: BoltWriter,
  plan: RewritePlan,
): Promise<Rewritten> {
  const sources = new Map(examined.buckets.map((bucket) => [bucket.name, bucket]));
  const names = [...new Set([...sources.keys(), ...always])].sort();
  const rewrite = new Rewrite(examined, writer, plan);
  for (const name of names) {
    const source = sources.get(name);
    if (name === "auth" && plan.withoutAuth) {
      const entries = new Map(examined.small.get("auth"));
      await rewrite.entries(name, entries.set("authEnabled", Uint8Array.of(0)));
    } else if (name === "cluster" && plan.clearDowngrade) {
      const entries = new Map(examined.small.get("cluster"));
      entries.delete("downgrade");
      await rewrite.entries(name, entries);
    } else if (!replaced.has(name) || (name === "alarm" && plan.keepAlarms)) {
      await rewrite.copy(name, source);
    } else if (name === "key") await rewrite.records(source);
    else if (name === "lease") await rewrite.leases(source);
    else if (name === "meta") await rewrite.entries(name, rewrite.meta());
    else if (name === "members") await rewrite.entries(name, memberEntries(plan.membership));
    else await rewrite.entries(name, new Map());
  }
  await writer.finish();
  return rewrite.result();
}

class Rewrite {
  readonly #examined: Examined;
  readonly #writer: BoltWriter;
  readonly #plan: RewritePlan;
  readonly #hash: HashKv;
  /** Lease ids that the records kept so far name. */
  readonly #named = new Set<bigint>();
  #leasesAdded = 0;

  constructor(examined: Examined, writer: BoltWriter, plan: RewritePlan) {
    this.#examined = examined;
    this.#writer = writer;
    this.#plan = plan;
    this.#hash = new HashKv(examined.index, plan.revision, examined.compactRevision);
  }

  result(): Rewritten {
    return { hashKv: this.#hash.value, leasesAdded: this.#leasesAdded };
  }

  async copy(name: string, source: Bucket | undefined): Promise<void> {
    const out = this.#writer.bucket(name);
    for await (const page of this.#pages(source)) await out.addPage(page);
    await out.finish(source?.sequence);
  }

  async entries(name: string, entries: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const out = this.#writer.bucket(name);
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, value] of sorted) await out.add(Buffer.from(key, "latin1"), value);
    await out.finish();
  }

  async records(source: Bucket | undefined): Promise<void> {
    const { revision, more, bumpTo } = this.#plan;
    const out = this.#writer.bucket("key");
    const bound = mainBound(revision);
    // At the snapshot's own last revision, the snapshot contains exactly the leases of that moment.
    const namesMatter = revision < this.#examined.lastRevision || more !== undefined;
    const cursor = new RecordCursor(this.#examined.info.path);
    for await (const page of this.#pages(source)) {
      const before = this.#hash.records;
      const within = this.#hash.add(page);
      if (namesMatter) this.#nameLeases(page, cursor, before);
      if (within) {
        await out.addPage(page);
        continue;
      }
      for (let i = 0; i < page.count && compareMain(page, i, bound) <= 0; i++) {
        await out.add(page.key(i), page.value(i));
      }
      break;
    }
    for await (const batch of more ?? []) {
      for (const { key, value } of batch) {
        const kept = !this.#examined.index.dropped(this.#hash.records);
        this.#hash.addRecord(key, value);
        const lease = kept ? (peekKeyValue(value)?.lease ?? 0n) : 0n;
        if (lease !== 0n) this.#named.add(lease);
        await out.add(key, value);
      }
    }
    if (bumpTo !== undefined) {
      for (const { key, value } of this.#bump(bumpTo)) await out.add(key, value);
    }
    await out.finish(source?.sequence);
  }

  async leases(source: Bucket | undefined): Promise<void> {
    const out = this.#writer.bucket("lease");
    const missing = [...this.#named].sort((a, b) => (a < b ? -1 : 1));
    const add = async (id: bigint): Promise<void> => {
      await out.add(leaseKey(id), encodeLease(id, this.#plan.missingLeaseTtlSeconds));
      this.#leasesAdded++;
    };
    for await (const page of this.#pages(source)) {
      for (let i = 0; i < page.count; i++) {
        const id = page.view.getBigUint64(page.keyStart(i));
        for (let next = missing[0]; next !== undefined && next <= id; next = missing[0]) {
          missing.shift();
          if (next < id) await add(next);
        }
        await out.add(page.key(i), page.value(i));
      }
    }
    for (const id of missing) await add(id);
    await out.finish(source?.sequence);
  }

  meta(): ReadonlyMap<string, Uint8Array> {
    const { membership, bumpTo } = this.#plan;
    const entries = new Map(this.#examined.small.get("meta"));
    entries.set("consistent_index", u64(BigInt(membership.members.length)));
    entries.set("term", u64(BigInt(restoreTerm)));
    const voters = membership.members.map(({ id }) => id.toString()).join(",");
    entries.set("confState", Buffer.from(`{"voters":[${voters}],"auto_leave":false}`));
    const finished = entries.get("finishedCompactRev");
    if (bumpTo !== undefined) entries.set("scheduledCompactRev", encodeRevision({ main: bumpTo, sub: 0n }));
    else if (finished === undefined) entries.delete("scheduledCompactRev");
    else entries.set("scheduledCompactRev", finished);
    return entries;
  }

  /** The records at the bump revision: new epochs, or etcdutl's record without a value if there are none. */
  *#bump(main: bigint): Generator<RawRecord> {
    const { epochs } = this.#plan;
    if (epochs.size === 0) {
      yield { key: encodeRevision({ main, sub: 0n }), value: new Uint8Array() };
      return;
    }
    let sub = 0n;
    for (const [key, value] of epochs) {
      const old = this.#examined.watched.get(key);
      const record = {
        key: Buffer.from(key, "latin1"),
        value,
        createRevision: old?.createRevision ?? main,
        modRevision: main,
        version: (old?.version ?? 0n) + 1n,
        lease: 0n,
      };
      yield { key: encodeRevision({ main, sub }), value: encodeKeyValue(record) };
      sub++;
    }
  }

  #nameLeases(page: Page, cursor: RecordCursor, firstOrdinal: number): void {
    const seen = this.#hash.records - firstOrdinal;
    for (let i = 0; i < seen; i++) {
      if (this.#examined.index.dropped(firstOrdinal + i)) continue;
      cursor.read(page, i);
      if (cursor.leaseHigh === 0 && cursor.leaseLow === 0) continue;
      this.#named.add((BigInt(cursor.leaseHigh) << 32n) | BigInt(cursor.leaseLow));
    }
  }

  async *#pages(source: Bucket | undefined): AsyncGenerator<Page> {
    if (source === undefined) return;
    const { signal } = this.#plan;
    for await (const pages of this.#examined.reader.leaves(source, { signal })) yield* pages;
  }
}

function memberEntries(membership: Membership): ReadonlyMap<string, Uint8Array> {
  return new Map(membership.members.map((member) => [member.id.toString(16), memberJson(member)]));
}

function leaseKey(id: bigint): Uint8Array {
  return u64(id);
}

function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
}
