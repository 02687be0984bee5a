/**
 * The columns of a custom kind: its name, the columns of its definition, and its age if the definition has no columns.
 */

import { ageSince } from "keelson/http";
import type { CustomFacts } from "../custom/custom-facts.ts";
import { isJson, type Json } from "../defaults/rules.ts";
import { age, type Column, nameColumn } from "./column.ts";

export function customColumns({ columns }: CustomFacts): readonly Column[] {
  if (columns.length === 0) return [nameColumn, age];
  return [
    nameColumn,
    ...columns.map(
      ({ name, type, jsonPath, priority }): Column => ({
        name,
        // A date is shown as its age.
        type: type === "date" ? "string" : type,
        priority,
        cell: (object) => {
          const value = valueAt(object as unknown as Json, jsonPath);
          return type === "date"
            ? ageSince(value)
            : isJson(value) || Array.isArray(value)
              ? JSON.stringify(value)
              : value;
        },
      }),
    ),
  ];
}

/** The value at a JSONPath of names and indexes: `.spec.ports[0].name`, `.metadata.labels['a.b/c']`. */
function valueAt(object: Json, path: string): unknown {
  let value: unknown = object;
  for (const [, name, quoted, index] of path.matchAll(/\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]/g)) {
    const step = name ?? quoted;
    if (step !== undefined) value = isJson(value) ? value[step] : undefined;
    else value = Array.isArray(value) ? (value as unknown[])[Number(index)] : undefined;
  }
  return value;
}
