/** The canonical form of a selector's terms: equal selectors have equal terms and equal text. */

/** `terms` without duplicates, in the order of their text, and the text of all. */
export function canonicalTerms<T>(
  terms: readonly T[],
  format: (term: T) => string,
): { readonly terms: readonly T[]; readonly text: string } {
  const byText = new Map(terms.map((term) => [format(term), term] as const));
  const texts = [...byText.keys()].sort();
  return { terms: texts.flatMap((text) => byText.get(text) ?? []), text: texts.join(",") };
}
