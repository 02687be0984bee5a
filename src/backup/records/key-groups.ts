/**
 * Live keys and bytes by prefix (`/registry`) and by kind (`pods`, `apps.example/widgets`), counted while a snapshot
 * is scanned. A kind is the segment after the prefix; if that segment has a dot it is a group, and the next one is part of it.
 */
import type { KeyGroup } from "../files/snapshot-info.ts";

/** Most groups counted by name; keys of further groups are counted together. A store has dozens. */
const groupsMax = 10_000;
const slash = 0x2f;
const dot = 0x2e;

interface Count {
  readonly prefix: string;
  readonly kind: string;
  keys: number;
  bytes: number;
}

export class KeyGroups {
  readonly #ids = new Map<string, number>();
  readonly #counts: Count[] = [];
  #lastName: Uint8Array = new Uint8Array();
  #lastId = -1;

  /** The number of the group of the key at `[start, end)`. */
  idOf(bytes: Uint8Array, start: number, end: number): number {
    const stop = groupEnd(bytes, start, end);
    const length = stop - start;
    // Neighbours in revision order are usually of one kind.
    if (this.#lastId >= 0 && length === this.#lastName.length) {
      let i = 0;
      while (i < length && bytes[start + i] === this.#lastName[i]) i++;
      if (i === length) return this.#lastId;
    }
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("utf8");
    let id = this.#ids.get(name);
    if (id === undefined) {
      const full = this.#counts.length >= groupsMax;
      id = full ? groupsMax : this.#counts.length;
      if (!full || this.#counts.length === groupsMax) this.#counts.push(full ? rest() : split(name));
      if (!full) this.#ids.set(name, id);
    }
    this.#lastName = bytes.slice(start, stop);
    this.#lastId = id;
    return id;
  }

  change(id: number, keys: number, bytes: number): void {
    const count = this.#counts[id];
    if (count === undefined) return;
    count.keys += keys;
    count.bytes += bytes;
  }

  prefixes(): readonly KeyGroup[] {
    return this.#sums((count) => count.prefix);
  }

  kinds(): readonly KeyGroup[] {
    return this.#sums((count) => count.kind);
  }

  #sums(nameOf: (count: Count) => string): readonly KeyGroup[] {
    const sums = new Map<string, { name: string; liveKeys: number; bytes: number }>();
    for (const count of this.#counts) {
      const name = nameOf(count);
      if (name === "" || count.keys === 0) continue;
      const sum = sums.get(name) ?? { name, liveKeys: 0, bytes: 0 };
      sum.liveKeys += count.keys;
      sum.bytes += count.bytes;
      sums.set(name, sum);
    }
    return [...sums.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

const rest = (): Count => ({ prefix: "(other)", kind: "(other)", keys: 0, bytes: 0 });

function split(name: string): Count {
  const [, prefix = "", ...kind] = name.split("/");
  if (!name.startsWith("/")) return { prefix: name, kind: "", keys: 0, bytes: 0 };
  return { prefix: `/${prefix}`, kind: kind.join("/"), keys: 0, bytes: 0 };
}

/** End of the part that names prefix and kind: before the third slash, or the fourth when the second segment is a group. */
function groupEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== slash) {
    const first = bytes.indexOf(slash, start);
    return first < 0 || first > end ? start : first;
  }
  let segments = 0;
  let dotted = false;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at];
    if (byte === dot && segments === 1) dotted = true;
    if (byte !== slash) continue;
    segments++;
    if (segments === 2 && !dotted) return at;
    if (segments === 3) return at;
  }
  // The last segment is a name, unless there is nothing else.
  const last = bytes.lastIndexOf(slash, end - 1);
  return last > start ? last : end;
}
