/**
 * Splits a large range into parts of few keys each, by counting.
 *
 * etcd visits every key after a page to count it, so the pages of a large range cost the square of its size. A part
 * with its own end is counted only up to that end. Counts show where to cut; etcd serves them from its index (0.2 to
 * 0.4 µs a key):
 *
 *   common prefix of all keys      /registry/items/team-      no key lies after those that begin with it
 *   the next character, counted    …0 | …1                    still too many: split each the same way
 *                                  …00 | …01 | …02 | …        few enough: cut before each
 *
 * A cut does not depend on the present keys: later keys, or keys with other characters, still fall into exactly one
 * part.
 */
import { textOfKey } from "../../base/text/text-of-key.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";

/** Largest number of keys in a part: enough that finding the cuts is cheap, … */
const partKeysMin = 8_192;
/** … or this part of all. */
const partsMax = 64;
/** From this many keys on, finding the cuts costs etcd less than they save. */
export const manyKeys = 50_000;
/** Counts under way at a time. */
const countsAtOnce = 16;
/** The characters of keys (resource/keys.ts), in byte order; any other character falls between two of these. */
const alphabet = [..."-./0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"];

/**
 * The parts of `range`, in order and without a gap.
 * @param remaining keys in `range`, about
 */
export async function partsOf(
  kv: Pick<Kv, "range">,
  range: KeyRange,
  remaining: number,
  call: EtcdCall,
): Promise<readonly KeyRange[]> {
  const counts = new Counts(kv, range, call);
  const mostKeys = Math.max(partKeysMin, Math.ceil(remaining / partsMax));
  const cuts: string[] = [];
  await divide(range.prefix, remaining);
  return range.cutAt(cuts);

  /** Cuts the `keys` keys that begin with `prefix` into parts of few. */
  async function divide(prefix: string, keys: number): Promise<void> {
    if (keys <= mostKeys) return;
    const common = await counts.commonBeginning(prefix);
    let gathered = 0;
    for (const [child, count] of await counts.ofChildren(common)) {
      // Neighbours with few keys stay together.
      if (gathered + count > mostKeys) {
        if (child > (cuts.at(-1) ?? range.key) && range.includes(child)) cuts.push(child);
        gathered = 0;
      }
      await divide(child, count);
      gathered += count;
    }
  }
}

/** Counts keys with a given prefix inside a range. */
class Counts {
  readonly #kv: Pick<Kv, "range">;
  readonly #range: KeyRange;
  readonly #call: EtcdCall;

  constructor(kv: Pick<Kv, "range">, range: KeyRange, call: EtcdCall) {
    this.#kv = kv;
    this.#range = range;
    this.#call = call;
  }

  /** The longest common prefix of all keys that begin with `prefix`. */
  async commonBeginning(prefix: string): Promise<string> {
    const { kvs } = await this.#ask(prefix, endOf(prefix), { limit: 1, keysOnly: true });
    const [first] = kvs;
    if (first === undefined) return prefix;
    const key = textOfKey(first.key);
    let common = prefix;
    // Counting the keys after a prefix is free when there are none; the first count that finds some ends the search.
    while (common.length < key.length) {
      const longer = key.slice(0, common.length + 1);
      const { count } = await this.#ask(endOf(longer), endOf(prefix), { countOnly: true });
      if (count > 0n) break;
      common = longer;
    }
    return common;
  }

  /** Counts of the keys that begin with `prefix` and one more character, in key order, omitting empty ones. */
  async ofChildren(prefix: string): Promise<readonly (readonly [child: string, count: number])[]> {
    const found: (readonly [string, number])[] = [];
    for (let from = 0; from < alphabet.length; from += countsAtOnce) {
      const children = alphabet.slice(from, from + countsAtOnce).map((character) => prefix + character);
      const counted = await Promise.all(
        children.map(async (child) => {
          const { count } = await this.#ask(child, endOf(child), { countOnly: true });
          return [child, Number(count)] as const;
        }),
      );
      found.push(...counted.filter(([, count]) => count > 0));
    }
    return found;
  }

  async #ask(
    key: string,
    end: string,
    how: { readonly limit?: number; readonly keysOnly?: boolean; readonly countOnly?: boolean },
  ): Promise<Pick<Awaited<ReturnType<Kv["range"]>>, "kvs" | "count">> {
    const from = key < this.#range.key ? this.#range.key : key;
    const rangeEnd = end < this.#range.rangeEnd ? end : this.#range.rangeEnd;
    if (from >= rangeEnd) return { kvs: [], count: 0n };
    return this.#kv.range({ key: from, rangeEnd, serializable: true, ...how }, this.#call);
  }
}

/** The end of all that begins with `prefix`, exclusive; keys are ASCII. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
