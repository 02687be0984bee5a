/**
 * Quantities: amounts of CPU, memory, objects, in Kubernetes' notation, exact.
 *
 *   3   "500m"   "2Gi"   "1.5e3"   "-0.1"        inside: a bigint of billionths ("nanos") of the base unit
 *
 * In nanos, adding, comparing and negating are exact bigint operations, so a ledger that adds and subtracts the same
 * amounts returns to its value, in any order. Values finer than a billionth are rounded away from zero, as in
 * Kubernetes. Used by kinds (measure), heads (amounts, canonical text) and quotas.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import { limits } from "./limits.ts";

/** An amount: 3, "500m", "2Gi"; exact internally, returned as a number of the base unit. */
export type Quantity = number | string;

/** Billionths of the base unit: Kubernetes' finest grain ("n"). */
const nanosPerUnit = 1_000_000_000n;
const nanoDigits = 9;

/** Largest power of ten that an exponent may have: beyond any machine, and small enough to expand. */
const exponentMax = 36;

const notation = /^([+-]?)(\d*)(?:\.(\d*))?(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,3}))?$/;

const decimalExponents: ReadonlyMap<string, number> = new Map([
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
]);

const binaryExponents: ReadonlyMap<string, bigint> = new Map([
  ["Ki", 10n],
  ["Mi", 20n],
  ["Gi", 30n],
  ["Ti", 40n],
  ["Pi", 50n],
  ["Ei", 60n],
]);

/** What is wrong with a quantity, in words that follow the quoted value; undefined when fine. */
export function quantityFault(quantity: unknown): string | undefined {
  const nanos = nanosOf(quantity);
  return typeof nanos === "bigint" ? undefined : nanos;
}

/**
 * The exact amount in nanos.
 * @param argument the argument's name for the error
 * @throws INVALID_ARGUMENT naming `argument`
 */
export function parseQuantity(quantity: unknown, argument = "quantity"): bigint {
  const nanos = nanosOf(quantity);
  if (typeof nanos === "bigint") return nanos;
  throw invalidArgument(argument, `Cannot use ${quote(quantity)} as ${argument}: ${nanos}`);
}

/** Canonical text: plain decimal of the base unit without exponent, suffix or trailing zeros: "0.5", "2147483648". */
export function formatQuantity(nanos: bigint): string {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const whole = (magnitude / nanosPerUnit).toString();
  const fraction = (magnitude % nanosPerUnit).toString().padStart(nanoDigits, "0").replace(/0+$/, "");
  return `${nanos < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The nearest number of the base unit. Exact for whole numbers up to 2^53. */
export function quantityToNumber(nanos: bigint): number {
  return Number(formatQuantity(nanos));
}

function nanosOf(quantity: unknown): bigint | string {
  if (typeof quantity === "number") {
    if (!Number.isFinite(quantity)) return "expected a finite number";
    if (Number.isInteger(quantity) && !Number.isSafeInteger(quantity)) {
      return "expected a whole number up to 2^53 - 1; give larger ones as text";
    }
    return nanosOfText(String(quantity));
  }
  return typeof quantity === "string" ? nanosOfText(quantity) : "expected a number or text";
}

function nanosOfText(text: string): bigint | string {
  const wanted = 'expected a number with an optional suffix or exponent, e.g. 3, "500m", "2Gi" or "1e3"';
  if (text.length > limits.quantityCharactersMax) {
    return `${text.length} characters, expected at most ${limits.quantityCharactersMax}`;
  }
  const match = notation.exec(text);
  if (match === null) return wanted;
  const [, sign, whole = "", fraction = "", suffix, exponentText] = match;
  if (whole === "" && fraction === "") return wanted;
  const exponent =
    exponentText === undefined ? (decimalExponents.get(suffix ?? "") ?? 0) : Number(exponentText);
  if (Math.abs(exponent) > exponentMax) return `exponent ${exponent}, expected at most ${exponentMax}`;
  const shifted = BigInt(whole + fraction) << (binaryExponents.get(suffix ?? "") ?? 0n);
  const magnitude = timesPowerOfTen(shifted, exponent + nanoDigits - fraction.length);
  return sign === "-" ? -magnitude : magnitude;
}

/** `value` x 10^`power`, rounded up. */
function timesPowerOfTen(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}
