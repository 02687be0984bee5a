/**
 * Flags as etcdctl's library reads them: `--name value`, `--name=value`, `-w json`, `-w=json`, `-wjson`, flags and
 * arguments in any order, `--` ends the flags. Error texts match etcdctl's, because scripts may search for them.
 */

import { messageOf } from "../../../src/base/text/message-of.ts";
import { parseDuration } from "../text/duration.ts";
import { CliFailure, exitCodes } from "./failure.ts";

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly type: "text" | "switch" | "integer" | "duration" | "list";
  /** As typed; shown in help. Default "" (text), "false" (switch), "0" (integer, duration). */
  readonly fallback?: string;
  readonly summary: string;
}

type FlagValue = string | boolean | bigint | number | readonly string[];

/** The flags of one command line, looked up by name. */
export class Flags {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #given = new Map<string, FlagValue>();

  constructor(specs: readonly FlagSpec[]) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  /** Whether it was set on the command line or in the environment. */
  given(name: string): boolean {
    return this.#given.has(name);
  }

  /** Whether the command has such a flag at all. */
  has(name: string): boolean {
    return this.#specs.has(name);
  }

  text(name: string): string {
    const value = this.#value(name);
    if (typeof value !== "string") throw new TypeError(`flag --${name} is not a text`);
    return value;
  }

  on(name: string): boolean {
    return this.#value(name) === true;
  }

  integer(name: string): bigint {
    const value = this.#value(name);
    if (typeof value !== "bigint") throw new TypeError(`flag --${name} is not an integer`);
    return value;
  }

  /** Milliseconds. */
  durationMs(name: string): number {
    const value = this.#value(name);
    if (typeof value !== "number") throw new TypeError(`flag --${name} is not a duration`);
    return value;
  }

  list(name: string): readonly string[] {
    const value = this.#value(name);
    if (typeof value !== "object") throw new TypeError(`flag --${name} is not a list`);
    return value;
  }

  /** @throws CliFailure with etcdctl's text for a value that is not of the flag's type */
  set(name: string, text: string, shown: string): void {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw flagFailure(`unknown flag: --${name}`);
    let value: FlagValue;
    try {
      value = parseValue(spec, text);
    } catch (error) {
      const why = messageOf(error);
      throw flagFailure(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${why}`);
    }
    const before = this.#given.get(name);
    // A list may be given in several flags.
    this.#given.set(name, isTexts(before) && isTexts(value) ? [...before, ...value] : value);
  }

  #value(name: string): FlagValue {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new TypeError(`there is no flag --${name}`);
    return this.#given.get(name) ?? parseValue(spec, fallbackOf(spec));
  }
}

const isTexts = (value: FlagValue | undefined): value is readonly string[] => Array.isArray(value);

export const fallbackOf = ({ type, fallback }: FlagSpec): string =>
  fallback ?? { text: "", list: "", switch: "false", integer: "0", duration: "0s" }[type];

/** @returns the arguments that are not flags, and those after `--` */
export function parseFlags(
  args: readonly string[],
  specs: readonly FlagSpec[],
): { readonly flags: Flags; readonly args: readonly string[]; readonly dashAt: number } {
  const flags = new Flags(specs);
  const rest: string[] = [];
  const waiting = [...args];
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === "--") return { flags, args: [...rest, ...waiting], dashAt: rest.length };
    if (arg.startsWith("--")) long(arg.slice(2), specs, flags, waiting);
    else if (arg.length > 1 && arg.startsWith("-")) shorts(arg.slice(1), specs, flags, waiting);
    else rest.push(arg);
  }
  return { flags, args: rest, dashAt: -1 };
}

function long(text: string, specs: readonly FlagSpec[], flags: Flags, waiting: string[]): void {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec === undefined) {
    const near = nearest(
      name,
      specs.map((candidate) => candidate.name),
    );
    throw flagFailure(`unknown flag: --${name}`, near === undefined ? undefined : `Did you mean --${near}?`);
  }
  if (equals >= 0) return flags.set(name, text.slice(equals + 1), shownName(spec));
  if (spec.type === "switch") return flags.set(name, "true", shownName(spec));
  const value = waiting.shift();
  if (value === undefined) throw flagFailure(`flag needs an argument: --${name}`);
  flags.set(name, value, shownName(spec));
}

function shorts(text: string, specs: readonly FlagSpec[], flags: Flags, waiting: string[]): void {
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    const spec = specs.find((candidate) => candidate.short === letter);
    if (spec === undefined) throw flagFailure(`unknown shorthand flag: '${letter}' in -${text}`);
    const after = text.slice(at + 1);
    if (after.startsWith("=")) return flags.set(spec.name, after.slice(1), shownName(spec));
    if (spec.type === "switch") {
      flags.set(spec.name, "true", shownName(spec));
      continue;
    }
    const value = after === "" ? waiting.shift() : after;
    if (value === undefined) throw flagFailure(`flag needs an argument: '${letter}' in -${text}`);
    return flags.set(spec.name, value, shownName(spec));
  }
}

const shownName = ({ name, short }: FlagSpec): string =>
  short === undefined ? `--${name}` : `-${short}, --${name}`;

const flagFailure = (message: string, hint?: string): CliFailure =>
  new CliFailure(exitCodes.error, message, hint === undefined ? {} : { hint });

function parseValue({ type }: FlagSpec, text: string): FlagValue {
  switch (type) {
    case "text":
      return text;
    case "list":
      return text === "" ? [] : text.split(",");
    case "switch":
      if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
      if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
      throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
    case "integer":
      return parseInteger(text);
    case "duration":
      return parseDuration(text);
  }
}

/** Decimal, 64 bits. @throws Error with etcdctl's words */
export function parseInteger(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(64, value) === value) return value;
  throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
}

/** Hexadecimal ids. `signed`: leases; members are unsigned. @throws Error with etcdctl's words */
export function parseHexId(text: string, kind: "signed" | "unsigned"): bigint {
  const what = kind === "signed" ? "strconv.ParseInt" : "strconv.ParseUint";
  if (!/^[0-9a-fA-F]+$/.test(text))
    throw new Error(`${what}: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(`0x${text}`);
  if (value < (kind === "signed" ? 1n << 63n : 1n << 64n)) return value;
  throw new Error(`${what}: parsing ${JSON.stringify(text)}: value out of range`);
}

/**
 * The word of `words` with the fewest edits (insertions, deletions, replacements, swaps of adjacent letters) from
 * `word`, if that is few.
 */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let fewest = limit + 1;
  for (const candidate of words) {
    const edits = editsBetween(word, candidate);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

function editsBetween(from: string, to: string): number {
  let above: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from.charAt(i - 1) === to.charAt(j - 1) ? 0 : 1;
      const swapped = from.charAt(i - 1) === to.charAt(j - 2) && from.charAt(i - 2) === to.charAt(j - 1);
      const edits = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      next.push(swapped && i > 1 && j > 1 ? Math.min(edits, (above[j - 2] ?? 0) + 1) : edits);
    }
    above = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
