/**
 * Rejects unknown options, naming the nearest known one, and values of a wrong type: a misspelt option that is ignored
 * leaves a list unfiltered, or secrets in the clear.
 *
 * Each options type has a table beside it: every name with the shape of its value. The compiler checks both: a name that
 * only one of them has, or another shape, does not compile, so a new option is one line in each. Ranges and contents are
 * for parsers, as is each option with the shape `true`. Undefined is the same as absent; null is never accepted.
 */
import { invalidArgument } from "../../errors.ts";
import { nearestName } from "./nearest-name.ts";
import { quote } from "./quote.ts";

/** What is expected of a value, and how a message says so. */
interface ShapeFacts {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

type ShapeName =
  | "number"
  | "count"
  | "whole"
  | "positive"
  | "bigint"
  | "text"
  | "secret"
  | "boolean"
  | "function"
  | "bytes"
  | "array"
  | "binary"
  | "texts"
  | "bigintOrFalse"
  | "countOrFalse"
  | "signal"
  | "date"
  | "clock"
  | "random"
  | "object";

const shapes: Readonly<Record<ShapeName, ShapeFacts>> = {
  number: { expected: "a number", fits: (value) => typeof value === "number" && !Number.isNaN(value) },
  count: { expected: "a number of at least 0", fits: (value) => typeof value === "number" && value >= 0 },
  whole: {
    expected: "a whole number of at least 0",
    fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  },
  positive: { expected: "a number above 0", fits: (value) => typeof value === "number" && value > 0 },
  bigint: { expected: "a bigint", fits: (value) => typeof value === "bigint" },
  text: { expected: "text", fits: (value) => typeof value === "string" },
  /** Text that no message shows. */
  secret: { expected: "text", fits: (value) => typeof value === "string" },
  boolean: { expected: "a boolean", fits: (value) => typeof value === "boolean" },
  function: { expected: "a function", fits: (value) => typeof value === "function" },
  bytes: {
    expected: "text or bytes",
    fits: (value) => typeof value === "string" || value instanceof Uint8Array,
  },
  array: { expected: "an array", fits: (value) => Array.isArray(value) },
  binary: { expected: "bytes", fits: (value) => value instanceof Uint8Array },
  texts: { expected: "text or an array", fits: (value) => typeof value === "string" || Array.isArray(value) },
  bigintOrFalse: {
    expected: "a bigint or false",
    fits: (value) => typeof value === "bigint" || value === false,
  },
  countOrFalse: {
    expected: "a number of at least 0, or false",
    fits: (value) => value === false || (typeof value === "number" && value >= 0),
  },
  /** Not compared by class: a test environment has its own. */
  signal: {
    expected: "an AbortSignal",
    fits: (value) => isObject(value) && "aborted" in value && "addEventListener" in value,
  },
  date: { expected: "a Date", fits: (value) => isObject(value) && "getTime" in value },
  clock: { expected: "a clock", fits: (value) => isObject(value) && "monotonicMs" in value },
  random: { expected: "a source of random numbers", fits: (value) => isObject(value) && "below" in value },
  object: { expected: "an object", fits: (value) => isObject(value) && !Array.isArray(value) },
};

/** What a value must be: of a shape, or one of some texts; `true` checks only the name. */
export type Shape = ShapeName | readonly string[] | true;

/** A table for `checkOptions`. */
export type KnownNames = Readonly<Record<string, Shape>>;

/** The shapes that may check a value of type V. */
type ShapeOf<V> =
  | true
  | ([V] extends [number]
      ? "number" | "count" | "whole" | "positive"
      : [V] extends [bigint]
        ? "bigint"
        : [V] extends [string]
          ? "text" | "secret" | "bytes" | readonly V[]
          : [V] extends [boolean]
            ? "boolean"
            : [V] extends [bigint | false]
              ? "bigintOrFalse"
              : [V] extends [number | false]
                ? "countOrFalse"
                : [V] extends [(...args: never) => unknown]
                  ? "function"
                  : [V] extends [string | Uint8Array]
                    ? "bytes"
                    : [V] extends [readonly unknown[]]
                      ? "array"
                      : [V] extends [string | readonly string[]]
                        ? "texts"
                        : [V] extends [object]
                          ? "object" | "binary" | "signal" | "date" | "clock" | "random"
                          : never);

/** Every option of T, by name, with its shape. Symbols are internal options and not listed. */
export type NamesOf<T> = { readonly [K in Exclude<keyof T, symbol>]-?: ShapeOf<NonNullable<T[K]>> };

/**
 * For options from untyped callers. @throws INVALID_ARGUMENT for a value that is not an options object, has an option
 * that is not in `names`, or one whose value is not of its shape
 */
export function checkOptions(
  options: unknown,
  action: string,
  names: KnownNames,
  argument = "options",
): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidArgument(argument, `Cannot ${action}: ${argument} is ${quote(options)}, expected an object`);
  }
  for (const name in options) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    const shape: Shape | undefined = names[name];
    if (shape === true || typeof shape === "string" || Array.isArray(shape)) {
      if (value === null || !fits(shape, value)) throw wrongValue(name, value, shape, action, argument);
    } else if (Object.hasOwn(options, name)) throw unknownOption(name, action, names, argument);
    // No prototype contains a shape: an inherited name ("constructor") is unknown.
  }
}

function fits(shape: Shape, value: unknown): boolean {
  if (shape === true) return true;
  return typeof shape === "string"
    ? shapes[shape].fits(value)
    : (shape as readonly unknown[]).includes(value);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * For positional arguments from untyped callers, each of which must be there.
 * @throws INVALID_ARGUMENT for one that is absent or not of its shape
 */
export function checkArguments(
  action: string,
  values: Readonly<Record<string, unknown>>,
  shapesOf: Readonly<Record<string, ShapeName>>,
): void {
  for (const [name, shape] of Object.entries(shapesOf)) {
    const value = values[name];
    if (!fits(shape, value)) throw wrongValue(name, value, shape, action, "options");
  }
}

const pathOf = (name: string, argument: string): string =>
  argument === "options" ? name : `${argument}.${name}`;

function wrongValue(name: string, value: unknown, shape: Shape, action: string, argument: string): Error {
  const path = pathOf(name, argument);
  // A number or an object in the place of a password may be the password.
  const found = shape === "secret" && value !== null ? `a ${typeof value}` : quote(value);
  return invalidArgument(path, `Cannot ${action}: ${path} is ${found}, expected ${expectedOf(shape)}`);
}

function expectedOf(shape: Shape): string {
  if (shape === true) return "a value, or no such option";
  return typeof shape === "string" ? shapes[shape].expected : shape.map(quote).join(" or ");
}

function unknownOption(name: string, action: string, names: KnownNames, argument: string): Error {
  const known = Object.keys(names);
  const path = pathOf(name, argument);
  const near = nearestName(name, known);
  const hint =
    near === undefined ? `expected one of ${[...known].sort().join(", ")}` : `did you mean ${quote(near)}?`;
  return invalidArgument(path, `Cannot ${action}: there is no option ${quote(path)}, ${hint}`);
}
