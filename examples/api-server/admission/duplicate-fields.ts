/**
 * Finds duplicate fields in the objects of a JSON text: every parser silently keeps the last one. The text must be
 * valid JSON; only its structure is scanned.
 */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  /** Open objects and lists: the names seen so far, or the index. */
  const open: { readonly names?: Set<string>; index: number; name: string }[] = [];
  const path = (): string =>
    open
      .map(({ names, index, name }, i) => (names === undefined ? `[${index}]` : i === 0 ? name : `.${name}`))
      .join("");
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\],]/g)) {
    const top = open.at(-1);
    if (token === "{") open.push({ names: new Set(), index: 0, name: "" });
    else if (token === "[") open.push({ index: 0, name: "" });
    else if (token === "}" || token === "]") open.pop();
    else if (token === ",") {
      if (top !== undefined) top.index++;
    } else if (token.endsWith(":") && top?.names !== undefined) {
      top.name = JSON.parse(token.slice(0, -1)) as string;
      if (top.names.has(top.name)) found.push(path());
      top.names.add(top.name);
    }
  }
  return [...new Set(found)];
}
