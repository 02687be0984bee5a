/**
 * Figures of alternating subjects: ratios are computed per round, and a row is marked if other processes used too much
 * of the machine.
 */
import { median } from "./load.ts";
import { othersShareMax } from "./machine.ts";

/** Operations per second; NaN without operations. */
export function rateOf(
  slice: { readonly operations: number; readonly elapsedMs: number } | undefined,
): number {
  return slice === undefined ? Number.NaN : (slice.operations / slice.elapsedMs) * 1_000;
}

/** "median (smallest to largest)" of the rounds' ratios; undefined if there are none. */
export function spread(ratios: readonly number[]): string | undefined {
  const sorted = ratios.filter(Number.isFinite).sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  return `${median(sorted).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

/** The reason why a row's figures prove nothing, if any. */
export function unproved(othersShare: number | undefined): { readonly note?: string } {
  if (othersShare === undefined || othersShare <= othersShareMax) return {};
  return { note: `unproved: others had ${Math.round(othersShare * 100)} % of the machine` };
}

/** Whole numbers from 1,000 on, below them hundredths. */
export function rounded(value: number): number {
  return value >= 1_000 ? Math.round(value) : Math.round(value * 100) / 100;
}
