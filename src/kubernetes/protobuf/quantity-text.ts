/**
 * The text that Kubernetes stores for a quantity: "1024Mi" becomes "1Gi", "0.5" "500m", "1000" "1k"; canonical text is
 * unchanged. (k8s.io/apimachinery pkg/api/resource: ParseQuantity and CanonicalizeBytes.)
 */
const notation = /^([+-]?)(\d*)(?:\.(\d*))?(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,9})$/;
/** The common case, which is always canonical: a whole number that is not a multiple of 1000 or 1024. */
const plain = /^(?:0|[1-9]\d{0,2}(?:[mkMG]|[KMG]i)?)$/;

const decimalSuffixes: readonly string[] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const digitsOfInt64 = 18;
const int64Max = 2n ** 63n - 1n;
/** Larger powers of ten are no realistic amount and would only cost memory. */
const exponentMax = 64;

/**
 * The stored text of a quantity; undefined if it is not a quantity. Surrounding whitespace is dropped, as in
 * Kubernetes.
 */
export function canonicalQuantity(text: string): string | undefined {
  if (plain.test(text)) return text;
  const trimmed = text.trim();
  const match = notation.exec(trimmed);
  if (match === null) return undefined;
  const [, sign = "", digits = "", fraction = "", suffix = ""] = match;
  if (digits === "" && fraction === "") return undefined;
  const whole = digits.replace(/^0+/, "") || "0";
  const binary = binarySuffixes.indexOf(suffix);
  return suffix !== "" && binary > 0
    ? binaryQuantity(trimmed, sign, whole, fraction, binary)
    : decimalQuantity(trimmed, sign, whole, fraction, suffix);
}

function binaryQuantity(
  text: string,
  sign: string,
  whole: string,
  fraction: string,
  power: number,
): string | undefined {
  const unit = 1n << BigInt(10 * power);
  const precision = 15 - whole.length - Math.trunc((10 * power * 3) / 10) - 1;
  // Kubernetes keeps such a text without looking further.
  if (fraction === "" && precision >= 0 && (BigInt(whole) & 7n) !== 0n) return text;
  const scale = 10n ** BigInt(fraction.length);
  const amount = BigInt(whole + fraction) * unit;
  if (amount === 0n) return "0";
  let nanos = roundUp(amount * 1_000_000_000n, scale);
  if (nanos > int64Max * 1_000_000_000n) nanos = int64Max * 1_000_000_000n;
  const isWhole = nanos % 1_000_000_000n === 0n;
  if (!isWhole || nanos < 1024n * 1_000_000_000n) return sign.replace("+", "") + decimalText(nanos, -9, "si");
  let value = nanos / 1_000_000_000n;
  let exponent = 0;
  while (value % 1024n === 0n) {
    value /= 1024n;
    exponent++;
  }
  return `${sign.replace("+", "")}${value}${binarySuffixes[exponent] ?? ""}`;
}

function decimalQuantity(
  text: string,
  sign: string,
  whole: string,
  fraction: string,
  suffix: string,
): string | undefined {
  const isExponent = suffix.length > 1;
  const exponent = isExponent ? Number(suffix.slice(1)) : (decimalSuffixes.indexOf(suffix) - 3) * 3;
  if (Math.abs(exponent) > exponentMax) return undefined;
  const scale = exponent - fraction.length;
  const digits = whole + fraction;
  const isSmall = digits.length <= digitsOfInt64;
  // Kubernetes keeps such a text without looking further.
  if (isSmall && scale >= -9 && scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0"))
    return text;
  let amount = BigInt(digits);
  if (amount === 0n) return "0";
  let power = scale;
  if (power < -9) {
    amount = roundUp(amount, 10n ** BigInt(-9 - power));
    power = -9;
  }
  return sign.replace("+", "") + decimalText(amount, power, isExponent ? "exponent" : "si");
}

/** An amount times a power of ten, as digits and a suffix for a multiple of three. */
function decimalText(amount: bigint, power: number, form: "si" | "exponent"): string {
  let value = amount;
  let exponent = power;
  while (value % 10n === 0n) {
    value /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    value *= 10n;
    exponent--;
  }
  if (form === "exponent") return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${decimalSuffixes[exponent / 3 + 3] ?? ""}`;
}

/** Division rounds away from zero: a small amount never becomes 0. */
function roundUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}
