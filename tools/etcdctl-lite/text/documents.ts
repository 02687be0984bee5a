/**
 * Objects as YAML documents and indented JSON, for people and scripts.
 *
 * The reader's YAML version matters: kubectl reads version 1.1, in which `yes`, `on`, `1_000`, `0b11` and dates are not
 * text; LS and PS end a line there, and a byte order mark ends a document. So text that any version could read as another
 * type is quoted, and such characters are escaped as control characters are, in keys, values and comments.
 */
import { holdsControls, printable } from "./printable.ts";

/** Words that some version reads as null, a boolean, a number or a merge. */
const words = /^(?:~|null|true|false|yes|no|on|off|y|n|\.inf|\.nan|<<|=)$/i;
/** Text that begins as numbers and dates do: 1_000, 0b11, 1:30, 2026-01-01, +.5; and `.` and `e1`, numbers for some readers of 1.1. */
const numeric = /^[-+.\d]|^e[-+]?\d+$/i;
/** A line with a tab, which some readers do not take outside quotes; text of several lines is a block, where they do. */
const tabbed = /^.*\t.*$/;
/** Line ends of YAML 1.1 beyond those of ASCII, the byte order mark, and what YAML does not take for a character. */
const unsafe = /[\u2028\u2029\ufeff\ufffe\uffff]/g;

/** One document of a stream, with `---` before it; `remark` is a comment above it. */
export async function yamlDocument(object: unknown, remark?: string): Promise<string> {
  const { Document, isScalar, visit } = await import("yaml");
  const comment = remark === undefined ? "" : `# ${printable(remark)}\n`;
  const document = new Document(object, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (!isScalar(node) || typeof node.value !== "string") return;
      const text = node.value;
      const asText = words.test(text) || numeric.test(text) || tabbed.test(text);
      if (asText || holdsControls(text) || text.search(unsafe) >= 0) node.type = "QUOTE_DOUBLE";
    },
  });
  const text = printable(`${comment}${document.toString({ lineWidth: 0 })}`, "lines");
  return `---\n${text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16)}`)}`;
}

export const jsonDocument = (value: unknown): string => `${printableJson(JSON.stringify(value, null, 2))}\n`;

/** JSON does not escape DEL, C1 and direction marks. */
export function printableJson(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
