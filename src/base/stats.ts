/** The shape of every `stats()`. */

/** Stats as plain data: nested records of numbers and text, safe to log, diff and export. */
export type PlainStats = {
  readonly [name: string]: number | string | boolean | undefined | PlainStats | readonly PlainStats[];
};
