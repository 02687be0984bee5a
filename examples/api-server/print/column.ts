/** Columns of a printed kind, as kubectl shows them (Kubernetes' pkg/printers/internalversion). */
import type { Resource } from "keelson";
import type { TableColumn } from "keelson/http";
import { ageSince } from "keelson/http";
import { at, type Json, listAt, objectAt } from "../defaults/rules.ts";

export type Column = TableColumn;

type Cell = (object: Json) => unknown;

/** Columns read an object field by field, whatever its kind. */
const fieldsOf = (object: Resource): Json => object as unknown as Json;

/** Text; absent is `<none>`. */
export const column = (name: string, cell: Cell, description = ""): Column => ({
  name,
  type: "string",
  description,
  cell: (object) => textOf(cell(fieldsOf(object))),
});

/** Text at a path; absent is `<none>`. */
export const field = (name: string, path: string): Column => column(name, (object) => at(object, path));

/** A count at a path; absent is 0. */
export const count = (name: string, path: string): Column => ({
  name,
  type: "integer",
  cell: (object) => Number(at(object, path) ?? 0),
});

/** Shown only with `-o wide`. */
export const wide = (column: Column): Column => ({ ...column, priority: 1 });

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name must be unique within a namespace.",
  cell: ({ metadata }) => metadata.name,
};

export const age: Column = column(
  "Age",
  (object) => ageSince(at(object, "metadata.creationTimestamp")),
  "Time since the object was created.",
);

export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "<none>" : value.join(",");
  return value === undefined || value === null || value === "" ? "<none>" : String(value);
}

/** "app=web,tier=front"; `<none>` for no selector. */
export function selectorText(selector: unknown): string {
  const labels = objectAt({ selector }, "selector");
  const plain =
    "matchLabels" in labels || "matchExpressions" in labels ? objectAt(labels, "matchLabels") : labels;
  const terms = Object.entries(plain).map(([key, value]) => `${key}=${String(value)}`);
  for (const expression of listAt(labels, "matchExpressions")) {
    const values = `(${textOf(expression["values"])})`;
    const key = String(expression["key"]);
    if (expression["operator"] === "In") terms.push(`${key} in ${values}`);
    else if (expression["operator"] === "NotIn") terms.push(`${key} notin ${values}`);
    else terms.push(expression["operator"] === "Exists" ? key : `!${key}`);
  }
  return textOf(terms);
}

/** CONTAINERS, IMAGES and SELECTOR, as workloads show them with `-o wide`. */
export const templateColumns = (selectorPath = "spec.selector"): readonly Column[] => {
  const containers = (object: Json): readonly Json[] => listAt(object, "spec.template.spec.containers");
  return [
    column("Containers", (object) => containers(object).map((one) => one["name"])),
    column("Images", (object) => containers(object).map((one) => one["image"])),
    column("Selector", (object) => selectorText(at(object, selectorPath))),
  ].map(wide);
};
