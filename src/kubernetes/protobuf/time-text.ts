/**
 * Kubernetes' Time, MicroTime and Duration in JSON: RFC 3339 in UTC with whole seconds or six digits, and Go's text of
 * a duration ("1h0m0.5s"). Pure arithmetic: `Date` is several times slower and accepts text that is not RFC 3339.
 */

const secondsPerDay = 86_400;
/** 0001-01-01T00:00:00Z, Go's zero time. */
export const zeroTimeSeconds = -62_135_596_800;
/** 9999-12-31T23:59:59Z: the latest time in Go's JSON. */
export const timeSecondsMax = 253_402_300_799;
/** 0000-01-01T00:00:00Z. */
export const timeSecondsMin = -62_167_219_200;

const twoDigits: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, "0"));

/** "2008-01-01T01:01:01Z". @param seconds since 1970, from `timeSecondsMin` to `timeSecondsMax` */
export function formatTime(seconds: number): string {
  return `${formatSeconds(seconds)}Z`;
}

/** "2008-01-01T01:01:01.000001Z": truncated to microseconds. */
export function formatMicroTime(seconds: number, nanos: number): string {
  return `${formatSeconds(seconds)}.${String(Math.trunc(nanos / 1000)).padStart(6, "0")}Z`;
}

function formatSeconds(seconds: number): string {
  const days = Math.floor(seconds / secondsPerDay);
  const inDay = seconds - days * secondsPerDay;
  const hours = (inDay / 3600) | 0;
  const minutes = ((inDay - hours * 3600) / 60) | 0;
  // Days to year, month and day of the Gregorian calendar, with years that begin in March (H. Hinnant, chrono algorithms).
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = `${String(year).padStart(4, "0")}-${twoDigits[month]}-${twoDigits[day]}`;
  return `${date}T${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[inDay - hours * 3600 - minutes * 60]}`;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** "2008-01-01T01:01:01Z" without a regular expression: the form of nearly all times. NaN for any other text. */
export function parsePlainTime(text: string): number {
  if (text.length !== 20) return Number.NaN;
  const year = digit(text, 0) * 1000 + digit(text, 1) * 100 + digit(text, 2) * 10 + digit(text, 3);
  const month = digit(text, 5) * 10 + digit(text, 6);
  const day = digit(text, 8) * 10 + digit(text, 9);
  const hours = digit(text, 11) * 10 + digit(text, 12);
  const minutes = digit(text, 14) * 10 + digit(text, 15);
  const seconds = digit(text, 17) * 10 + digit(text, 18);
  // A character that is not a digit makes one of them NaN, which fails every comparison.
  const isTime =
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    hours <= 23 &&
    minutes <= 59 &&
    seconds <= 59;
  const isSpelt =
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a &&
    text.charCodeAt(19) === 0x5a;
  if (!isTime || !isSpelt) return Number.NaN;
  return daysSince1970(year, month, day) * secondsPerDay + hours * 3600 + minutes * 60 + seconds;
}

function digit(text: string, at: number): number {
  const code = text.charCodeAt(at) - 0x30;
  return code >= 0 && code <= 9 ? code : Number.NaN;
}

/** RFC 3339 as Go reads it; undefined if it is malformed. */
export function parseTime(text: string): { readonly seconds: number; readonly nanos: number } | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, whole = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hours > 23 || minutes > 59 || whole > 59) return undefined;
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  if (offsetHours > 24 || offsetMinutes > 59) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (match[8] === "-" ? -1 : 1);
  const seconds =
    daysSince1970(year, month, day) * secondsPerDay + hours * 3600 + minutes * 60 + whole - offset;
  return { seconds, nanos: Number((match[7] ?? "").padEnd(9, "0")) };
}

function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

const nanosPerUnit: readonly (readonly [string, bigint])[] = [
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
];

/** Go's `Duration.String()` of nanoseconds. */
export function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${withFraction(size, 1_000n)}µs`;
  if (size < 1_000_000_000n) return `${sign}${withFraction(size, 1_000_000n)}ms`;
  const minute = 60_000_000_000n;
  const seconds = `${withFraction(size % minute, 1_000_000_000n)}s`;
  if (size < minute) return sign + seconds;
  const minutes = size / minute;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function withFraction(value: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** Nanoseconds of Go's text of a duration; undefined if it is malformed or does not fit 64 bits. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^([+-])?(?:0|((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return undefined;
  let nanos = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const size = nanosPerUnit.find(([name]) => name === unit)?.[1] ?? 0n;
    nanos += BigInt(whole || "0") * size;
    if (fraction !== "") nanos += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  if (match[1] === "-") nanos = -nanos;
  return BigInt.asIntN(64, nanos) === nanos ? nanos : undefined;
}
