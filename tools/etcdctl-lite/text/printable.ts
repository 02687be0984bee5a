/**
 * Makes foreign text safe to show: control characters become `\x1b`, so that a key or a value never controls the
 * terminal. Line ends and tabs stay where a value may have several lines.
 */

/** C0 but tab and line feed, DEL, C1; and direction marks. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `text` with every control character escaped; for a single line also tabs and line feeds. */
export function printable(text: string, lines: "one line" | "lines" = "one line"): string {
  const shown = text.replace(controls, escaped);
  return lines === "lines" ? shown : shown.replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

export const holdsControls = (text: string): boolean => text.search(controls) >= 0;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
