/** A label selector as a client writes it in a query: "app=web,tier in (a,b)". */
import { isJson, type Json, listAt, objectAt } from "../defaults/rules.ts";

export function selectorQuery(selector: unknown): string {
  if (typeof selector === "string") return selector;
  if (!isJson(selector)) return "";
  const isPlain = !("matchLabels" in selector) && !("matchExpressions" in selector);
  const labels: Json = isPlain ? selector : objectAt(selector, "matchLabels");
  const terms = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  for (const { key, operator, values } of listAt(selector, "matchExpressions")) {
    const list = `(${Array.isArray(values) ? values.join(",") : ""})`;
    if (operator === "In") terms.push(`${String(key)} in ${list}`);
    else if (operator === "NotIn") terms.push(`${String(key)} notin ${list}`);
    else terms.push(operator === "Exists" ? String(key) : `!${String(key)}`);
  }
  return terms.join(",");
}
