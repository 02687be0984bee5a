/**
 * Amounts by name, exact: what a quota limits, what an object uses, what a ledger entry contains.
 *
 * Values are nanos of the base unit (resource/model/quantity.ts). An absent name is zero; no map here contains a
 * zero, so equal amounts are equal maps. Maps are never changed after creation.
 */
import { formatQuantity, parseQuantity } from "../../resource/model/quantity.ts";

export type Amounts = ReadonlyMap<string, bigint>;

export const nothing: Amounts = new Map();

export function amountsOf(entries: Iterable<readonly [string, bigint]>): Amounts {
  const amounts = new Map<string, bigint>();
  for (const [name, value] of entries) if (value !== 0n) amounts.set(name, value);
  return amounts;
}

export function plus(a: Amounts, b: Amounts): Amounts {
  if (b.size === 0) return a;
  const sum = new Map(a);
  for (const [name, value] of b) {
    const total = (sum.get(name) ?? 0n) + value;
    if (total === 0n) sum.delete(name);
    else sum.set(name, total);
  }
  return sum;
}

export function minus(a: Amounts, b: Amounts): Amounts {
  return b.size === 0 ? a : plus(a, amountsOf([...b].map(([name, value]) => [name, -value] as const)));
}

/** A running sum of amounts over many objects or entries, without a map for each. */
export class AmountsSum {
  readonly #total = new Map<string, bigint>();

  add(amounts: Amounts): void {
    for (const [name, value] of amounts) this.#total.set(name, (this.#total.get(name) ?? 0n) + value);
  }

  subtract(amounts: Amounts): void {
    for (const [name, value] of amounts) this.#total.set(name, (this.#total.get(name) ?? 0n) - value);
  }

  get total(): Amounts {
    return amountsOf(this.#total);
  }
}

/** The part of each amount that is above zero. */
export function increases(amounts: Amounts): Amounts {
  return amountsOf([...amounts].filter(([, value]) => value > 0n));
}

/** Whether every amount of `need` fits into `room`. */
export function covers(room: Amounts, need: Amounts): boolean {
  for (const [name, value] of need) if (value > (room.get(name) ?? 0n)) return false;
  return true;
}

/** Names of `need` that do not fit. */
export function missing(room: Amounts, need: Amounts): readonly string[] {
  return [...need].filter(([name, value]) => value > (room.get(name) ?? 0n)).map(([name]) => name);
}

export function scaled(amounts: Amounts, factor: bigint): Amounts {
  return amountsOf([...amounts].map(([name, value]) => [name, value * factor] as const));
}

/** The smaller of the two, by name; names absent from `b` count as zero there. */
export function smaller(a: Amounts, b: Amounts): Amounts {
  return amountsOf(
    [...a].map(([name, value]) => [name, value < (b.get(name) ?? 0n) ? value : (b.get(name) ?? 0n)] as const),
  );
}

/** `{"count/pods":"3","requests.cpu":"0.5"}`, names ascending. */
export function formatAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(
    [...amounts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, formatQuantity(value)]),
  );
}

export function parseAmounts(text: Readonly<Record<string, string>>): Amounts {
  return amountsOf(Object.entries(text).map(([name, value]) => [name, parseQuantity(value, name)] as const));
}
