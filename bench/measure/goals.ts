/**
 * The goals of a bench. A goal is checked against a figure in the measured rows; if they have none (other widths, no
 * peer, fewer sizes), the goal is not printed.
 */
export interface Goal {
  readonly goal: string;
  readonly value: string;
  readonly met: boolean;
}

/** One goal, met when the figure is not above `bound`; no goal if one of the two is missing. */
export function atMost(
  goal: string,
  figure: number | undefined,
  bound: number | undefined,
  text: (figure: number) => string,
): readonly Goal[] {
  return bound === undefined ? [] : judged(goal, figure, text, (value) => value <= bound);
}

/** As `atMost`, met when the figure is not below `bound`. */
export function atLeast(
  goal: string,
  figure: number | undefined,
  bound: number,
  text: (figure: number) => string,
): readonly Goal[] {
  return judged(goal, figure, text, (value) => value >= bound);
}

function judged(
  goal: string,
  figure: number | undefined,
  text: (figure: number) => string,
  isMet: (figure: number) => boolean,
): readonly Goal[] {
  if (figure === undefined || !Number.isFinite(figure)) return [];
  return [{ goal, value: text(figure), met: isMet(figure) }];
}

/** `a / b`; undefined unless both exist. */
export function ratioOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}
