/**
 * Checks the names of transforms against the open kinds. A name that matches no kind would silently leave objects in
 * the clear: it is refused where it can only be a mistake, and health() reports it where its kind may still be
 * opened.
 */
import { nearestName } from "../base/text/nearest-name.ts";
import { quote } from "../base/text/quote.ts";
import { type Transform, transformFor } from "../codec/sealing/transform.ts";
import { invalidArgument } from "../errors.ts";
import type { KindDefinition } from "../resource/model/kind.ts";

type Named = Pick<KindDefinition, "group" | "kind" | "plural" | "resource">;

/**
 * Refuses a name that is an open kind's plural without its group, its kind, its singular, or its name in other case.
 * @throws INVALID_ARGUMENT "transforms" with the name that was meant
 */
export function checkTransformNames(
  transforms: Readonly<Record<string, Transform>>,
  kinds: readonly Named[],
): void {
  for (const name of unmatchedNames(transforms, kinds)) {
    const meant = kinds.find((kind) => isSlipOf(name, kind) && !Object.hasOwn(transforms, kind.resource));
    if (meant === undefined) continue;
    throw invalidArgument(
      "transforms",
      `Cannot use transforms: no kind is called ${quote(name)}, did you mean ${quote(meant.resource)}? Its objects would not be encrypted by it`,
    );
  }
}

/** Names that no open kind has, as health() reports them. @param known names of kinds that have been removed since */
export function transformNameProblems(
  transforms: Readonly<Record<string, Transform>>,
  kinds: readonly Named[],
  known: ReadonlySet<string>,
): readonly string[] {
  const inClear = kinds.filter((kind) => transformFor(transforms, kind) === undefined);
  return unmatchedNames(transforms, kinds)
    .filter((name) => !known.has(name))
    .map((name) => {
      const near = nearestName(
        name,
        inClear.map(({ resource }) => resource),
      );
      const hint = near === undefined ? "" : `, did you mean ${quote(near)}, which is not encrypted`;
      return `transforms names ${quote(name)}, and no such kind is open${hint}: nothing is encrypted by it until one is added`;
    });
}

function unmatchedNames(
  transforms: Readonly<Record<string, Transform>>,
  kinds: readonly Named[],
): readonly string[] {
  return Object.keys(transforms).filter((name) => {
    if (name === "*" || name === "*.*") return false;
    if (name.startsWith("*.")) return !kinds.some(({ group }) => name === `*.${group}`);
    return !kinds.some(({ resource }) => resource === name);
  });
}

function isSlipOf(name: string, { group, kind, plural, resource }: Named): boolean {
  const word = name.toLowerCase();
  const singular = kind.toLowerCase();
  const meant = [plural, singular, resource, group === "" ? singular : `${singular}.${group}`];
  return meant.includes(word) || `${word}s` === plural;
}
