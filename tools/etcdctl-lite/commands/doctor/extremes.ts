/** The largest and the smallest of some revisions or sizes; 0n for an empty list. */

const sorted = (values: readonly bigint[]): readonly bigint[] =>
  [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

export const largest = (values: readonly bigint[]): bigint => sorted(values).at(-1) ?? 0n;
export const smallest = (values: readonly bigint[]): bigint => sorted(values)[0] ?? 0n;
