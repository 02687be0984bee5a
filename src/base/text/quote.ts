/**
 * Untrusted text inside a message: quoted, printable, truncated.
 *
 * Names, selectors and keys in errors come from outside. Control characters, bidirectional marks and lone surrogates
 * would forge log lines; a megabyte of text would fill a disk. So every untrusted string goes through here on its way
 * into a message. Letters of any script are unchanged.
 */

/** Characters shown of an untrusted string: a whole object name with its namespace, no more. */
const shownMax = 320;

/** Letters, marks, numbers, punctuation, symbols and the plain space can be printed. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/**
 * `value` in double quotes, with unprintable characters escaped, truncated after 320 characters; for other types,
 * their name.
 */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    const cut = value.length > shownMax;
    const text = JSON.stringify(cut ? value.slice(0, shownMax) : value).replace(unprintable, escaped);
    return cut ? `${text}… (${value.length} characters)` : text;
  }
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** As in JSON: `\u202e`, and two of them for a character beyond the first 65,536. */
function escaped(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
