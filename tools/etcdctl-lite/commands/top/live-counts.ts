/**
 * Keys and bytes by prefix, counted once and kept up to date by a watch. The watch begins right after the counted
 * revision, so nothing is counted twice or missed. It holds a few numbers per group, never the keys.
 */
import type { Etcd, KeyValue, KvEvent, WatchBatch } from "keelson/etcd";
import type { Range } from "../../cli/key-range.ts";

/** Keys per page. */
const pageKeys = 1_000;
/** Maximum number of groups; keys of all others are counted together. */
const groupsMax = 10_000;
/** The name of the group for all others. */
export const otherGroups = "(others)";

export interface GroupCount {
  readonly prefix: string;
  keys: number;
  /** Of keys and values. */
  bytes: number;
  /** Since the count. */
  puts: number;
  deletes: number;
}

export class LiveCounts {
  readonly #groupOf: (key: string) => string;
  readonly #groups = new Map<string, GroupCount>();
  /** Everything up to it is counted. */
  revision = 0n;

  /** @param groupOf returns the group of a key */
  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  /** Largest first. */
  get groups(): readonly GroupCount[] {
    return [...this.#groups.values()].sort((a, b) => b.bytes - a.bytes || (a.prefix < b.prefix ? -1 : 1));
  }

  /** @throws EXPIRED when etcd compacts the revision during the count */
  async count(
    etcd: Etcd,
    range: Range,
    options: { readonly signal: AbortSignal; readonly onKeys: (done: number) => void },
  ): Promise<void> {
    const { signal, onKeys } = options;
    const rangeEnd = range.rangeEnd ?? Buffer.concat([range.key, Buffer.alloc(1)]);
    let done = 0;
    for (let key: Uint8Array = range.key; ; ) {
      const request = { key, rangeEnd, limit: pageKeys, revision: this.revision, views: true };
      const { header, kvs, more } = await etcd.kv.range(request, { signal });
      if (this.revision === 0n) this.revision = header.revision;
      for (const kv of kvs) this.#add(kv, 1);
      onKeys((done += kvs.length));
      const last = kvs.at(-1);
      if (!more || last === undefined) return;
      key = Buffer.concat([last.key, Uint8Array.of(0)]);
    }
  }

  /** Applies events of a watch with previous values, from the revision after the counted one. */
  take(batch: WatchBatch): void {
    if (batch.type !== "events") return;
    for (const event of batch.events) this.#take(event);
    this.revision = batch.revision;
  }

  #take({ type, kv, prevKv }: KvEvent): void {
    const group = this.#of(kv);
    if (type === "put") group.puts++;
    else group.deletes++;
    if (prevKv !== undefined) this.#add(prevKv, -1);
    if (type === "put") this.#add(kv, 1);
  }

  #add(kv: KeyValue, sign: 1 | -1): void {
    const group = this.#of(kv);
    group.keys += sign;
    group.bytes += sign * (kv.key.length + kv.value.length);
  }

  #of({ key }: KeyValue): GroupCount {
    const name = this.#groupOf(Buffer.from(key.buffer, key.byteOffset, key.length).toString());
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const prefix = this.#groups.size < groupsMax ? name : otherGroups;
    const group = this.#groups.get(prefix) ?? { prefix, keys: 0, bytes: 0, puts: 0, deletes: 0 };
    this.#groups.set(prefix, group);
    return group;
  }
}
