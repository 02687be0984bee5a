/**
 * Objects as YAML documents and indented JSON, for people and scripts.
 *
 * The reader's YAML version matters: kubectl reads version 1.1, in which `yes`, `on`, `1_000`, `0b11` and dates are not
 * text. So text that any version could read as another type is quoted, and control characters are escaped, in keys and
 * values.
 */
import { holdsControls, printable } from "./printable.ts";

/** Words that some version reads as null, a boolean, a number or a merge. */
const words = /^(?:~|null|true|false|yes|no|on|off|y|n|\.inf|\.nan|<<|=)$/i;
/** Text that begins like a number or a date: 1_000, 0b11, 1:30, 2026-01-01, +.5; and `.`, a number for some readers of 1.1. */
const numeric = /^[-+.]?\d|^[-+]\.|^\.[\d_]*$/;

/** One document of a stream, with `---` before it; `remark` is a comment above it. */
export async function yamlDocument(object: unknown, remark?: string): Promise<string> {
  const { Document, isScalar, visit } = await import("yaml");
  const comment = remark === undefined ? "" : `# ${printable(remark)}\n`;
  const document = new Document(object, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (!isScalar(node) || typeof node.value !== "string") return;
      const text = node.value;
      const asText = words.test(text) || numeric.test(text);
      if (asText || holdsControls(text)) node.type = "QUOTE_DOUBLE";
    },
  });
  return `---\n${comment}${printable(document.toString({ lineWidth: 0 }), "lines")}`;
}

export const jsonDocument = (value: unknown): string => `${printableJson(JSON.stringify(value, null, 2))}\n`;

/** JSON does not escape DEL, C1 and direction marks. */
export function printableJson(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
