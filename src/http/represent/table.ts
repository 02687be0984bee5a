/**
 * metav1.Table: objects as rows that a command line prints. A row is encoded once per object version, so a cell must
 * not depend on the current time: it returns a time stamp, or `ageSince` one, which is computed when the row is sent.
 */

import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { defineView } from "../../resource/contract/view.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { withAges } from "./age.ts";
import { jsonOf } from "./json.ts";
import type { Representation } from "./representation.ts";

/** metav1.TableColumnDefinition, and the function that computes its cell. */
export interface TableColumn<T extends Resource = Resource> {
  /** Head of the column. */
  readonly name: string;
  /** OpenAPI's: "string", "integer", "number", "boolean", "date". */
  readonly type: string;
  /** OpenAPI's: "name" marks the column that names the object, "" none. Default "". */
  readonly format?: string | undefined;
  /** Description; default "". */
  readonly description?: string | undefined;
  /** 0 is always shown; a higher priority only with `-o wide`. Default 0. */
  readonly priority?: number | undefined;
  /** Plain data, or `ageSince` a time stamp; pure. */
  readonly cell: (object: T) => unknown;
}

const columnNames: NamesOf<TableColumn> = {
  name: "text",
  type: "text",
  format: "text",
  description: "text",
  priority: "count",
  cell: "function",
};

const encoder = new TextEncoder();
const kind = "Table";
const apiVersion = "meta.k8s.io/v1";

/** The columns of a kind that defines none: name and creation time. */
export const nameAndAge: readonly TableColumn[] = [
  { name: "Name", type: "string", format: "name", cell: ({ metadata }) => metadata.name },
  { name: "Created At", type: "date", cell: ({ metadata }) => metadata.creationTimestamp },
];

/**
 * Objects as rows of a table.
 * @param include `includeObject` of the query: the part of its object that a row includes. Default "Metadata"
 */
export function tableRepresentation<T extends Resource>(
  columns: readonly TableColumn<T>[],
  include: "None" | "Metadata" | "Object" = "Metadata",
): Representation {
  for (const column of columns) checkOptions(column ?? null, "make table", columnNames, "column");
  const view = defineView<Resource, Uint8Array>({
    name: `table ${include}`,
    project: (object) => encoder.encode(JSON.stringify(rowOf(object as T, columns, include))),
    sizeBytes: (bytes) => bytes.byteLength,
  });
  const columnDefinitions = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? "",
    description: description ?? "",
    priority: priority ?? 0,
  }));
  const head = (metadata: object): string => {
    const table = { kind, apiVersion, metadata, columnDefinitions };
    return `${JSON.stringify(table).slice(0, -1)},"rows":[`;
  };
  const table = jsonOf({
    shape: "Table",
    view,
    listHead: head,
    listEnd: "]}\n",
    objectHead: head({}),
    objectEnd: "]}",
    bookmark: (metadata) => ({
      kind,
      apiVersion,
      metadata,
      columnDefinitions,
      // A client reads the version and the annotation of a bookmark from the row's object.
      rows: [
        { cells: columns.map(() => ""), object: { kind: "PartialObjectMetadata", apiVersion, metadata } },
      ],
    }),
  });
  return withAges(table);
}

function rowOf<T extends Resource>(
  object: T,
  columns: readonly TableColumn<T>[],
  include: "None" | "Metadata" | "Object",
): object {
  const cells = columns.map(({ cell }) => cell(object) ?? "");
  if (include === "None") return { cells };
  const { metadata } = object;
  return {
    cells,
    object: include === "Object" ? object : { kind: "PartialObjectMetadata", apiVersion, metadata },
  };
}
