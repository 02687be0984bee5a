/**
 * Reads the few needed fields of S3's and STS' XML responses: texts of elements without attributes. It ignores document types,
 * namespaces and nesting, so nothing in a response can make it expand or loop.
 */

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text of the first `<name>`; undefined when there is none. */
export function xmlText(xml: string, name: string): string | undefined {
  return xmlTexts(xml, name)[0];
}

/** Texts of every `<name>`, in document order. */
export function xmlTexts(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, text = ""]) =>
    text.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+);/g, (whole, code: string) => {
      if (!code.startsWith("#")) return entities[code] ?? whole;
      const point = code.startsWith("#x") ? Number.parseInt(code.slice(2), 16) : Number(code.slice(1));
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    }),
  );
}

/** The content of every `<name>` that has child elements. */
export function xmlParts(xml: string, name: string): readonly string[] {
  return xml
    .split(`<${name}>`)
    .slice(1)
    .map((part) => part.split(`</${name}>`, 1)[0] ?? "");
}
