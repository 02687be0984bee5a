/**
 * Options that are not known are refused, with the nearest known name: a misspelt option that is passed over in silence
 * leaves a list unfiltered, or secrets in the clear.
 *
 * Beside each options type stands the table of its names. The compiler holds the two together: a name in one that the
 * other lacks does not compile, so a new option is one line in each. Only names are looked at here, a handful of
 * look-ups a call; values are their parsers' business. An unknown name whose value is undefined says nothing, and is let pass.
 */
import { invalidArgument } from "../../errors.ts";
import { nearestName } from "./nearest-name.ts";
import { quote } from "./quote.ts";

/** Every option of T, by name. Symbols are internal options, and not listed. */
export type NamesOf<T> = { readonly [K in Exclude<keyof T, symbol>]-?: true };

/** For options from untyped callers. @throws INVALID_ARGUMENT for what is no object of options, or has one that is not in `names` */
export function checkOptions(
  options: unknown,
  action: string,
  names: Readonly<Record<string, true>>,
  argument = "options",
): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidArgument(argument, `Cannot ${action}: ${argument} is ${quote(options)}, expected an object`);
  }
  for (const name in options) {
    // `true` is in no prototype: what is inherited ("constructor") goes on to the thorough look.
    if (names[name] === true || !Object.hasOwn(options, name)) continue;
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined) {
      throw unknownOption(name, action, names, argument);
    }
  }
}

function unknownOption(
  name: string,
  action: string,
  names: Readonly<Record<string, true>>,
  argument: string,
): Error {
  const known = Object.keys(names);
  const path = argument === "options" ? name : `${argument}.${name}`;
  const near = nearestName(name, known);
  const hint =
    near === undefined ? `expected one of ${[...known].sort().join(", ")}` : `did you mean ${quote(near)}?`;
  return invalidArgument(path, `Cannot ${action}: there is no option ${quote(path)}, ${hint}`);
}
