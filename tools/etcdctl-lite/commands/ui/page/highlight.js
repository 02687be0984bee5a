/** YAML, JSON and text with names, text and numbers apart. For the eye alone: what is copied is the text itself. */
import { h } from "./dom.js";

/** Longer ones are shown plain: an element a word would cost more than it tells. */
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
