/**
 * Rejects unknown options and names the nearest known one: a misspelt option that is ignored leaves a list
 * unfiltered, or secrets in the clear.
 *
 * Each options type has a table of its names beside it. The compiler checks both: a name that only one of them has
 * does not compile, so a new option is one line in each. Only names are checked here, a few look-ups a call; parsers
 * check values. An unknown name whose value is undefined has no effect and is accepted.
 */
import { invalidArgument } from "../../errors.ts";
import { nearestName } from "./nearest-name.ts";
import { quote } from "./quote.ts";

/** Every option of T, by name. Symbols are internal options and not listed. */
export type NamesOf<T> = { readonly [K in Exclude<keyof T, symbol>]-?: true };

/**
 * For options from untyped callers. @throws INVALID_ARGUMENT for a value that is not an options object, or has an
 * option that is not in `names`
 */
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
    // No prototype contains `true`: an inherited name ("constructor") goes to the full check.
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
