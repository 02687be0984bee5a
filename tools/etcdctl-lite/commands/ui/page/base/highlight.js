/**
 * Highlights names, text and numbers in YAML and JSON. Only the appearance changes: copying gives the original text.
 */
import { h } from "./dom.js";

/** Longer ones are shown plain, because an element per word would be too slow. */
const charactersMax = 60_000;
const line = /^(\s*(?:- )*)(#.*|(?:"(?:[^"\\]|\\.)*"|[^\s"#'[{][^:#]*?)(?=:(?:\s|$)))?(:)?(.*)$/;
const plainValue = /^\s*(?:-?\d[\d.eE+-]*|true|false|null),?\s*$/;

/**
 * @param {{ type: string, text: string }} value
 * @returns {(Node | string)[]}
 */
export function highlighted({ type, text }) {
  const isMarked = type === "yaml" || /^\s*[{[]/.test(text);
  if (!isMarked || text.length > charactersMax) return [text];
  return text.split(/(?<=\n)/).flatMap((row) => {
    const end = row.endsWith("\n") ? "\n" : "";
    const [, indent = "", name = "", colon = "", rest = ""] =
      line.exec(row.slice(0, row.length - end.length)) ?? [];
    if (name.startsWith("#")) return [indent, h("i", { class: "remark" }, name + colon + rest), end];
    const value = rest === "" ? "" : h("span", { class: plainValue.test(rest) ? "plain" : "text" }, rest);
    return name === "" ? [indent, value, end] : [indent, h("b", {}, name), colon, value, end];
  });
}
