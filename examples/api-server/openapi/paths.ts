/**
 * The paths of an OpenAPI document: the operations that a client may use on a kind, and their parameters. kubectl looks
 * here for `fieldValidation` and `dryRun`, and finds the schema of a resource by its path.
 */
import { apiVersionOf, type Served } from "../api/served.ts";
import type { Json } from "../defaults/rules.ts";
import { gvkExtension } from "./definitions.ts";

export interface Operation {
  readonly method: "get" | "put" | "post" | "delete" | "patch";
  readonly action: string;
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string };
  /** Names of query parameters, all of type string. */
  readonly query: readonly string[];
  /** Name of the schema of its body; undefined: none. */
  readonly body: "object" | "patch" | "options" | undefined;
  readonly answers: "object" | "list" | "status";
}

export interface Path {
  readonly path: string;
  readonly served: Served;
  readonly parameters: readonly string[];
  readonly operations: readonly Operation[];
}

const reading = ["pretty"];
const selecting = [
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "timeoutSeconds",
];
const watching = ["allowWatchBookmarks", "sendInitialEvents", "watch"];
const writing = ["pretty", "dryRun", "fieldManager", "fieldValidation"];
const deleting = ["pretty", "dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"];

export function pathsOf(served: Served): readonly Path[] {
  const { group, version, kind, plural, namespaced } = served;
  const gvk = { group, version, kind };
  const root = `/${group === "" ? "api" : "apis"}/${apiVersionOf(served)}`;
  const home = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const namespace = namespaced ? ["namespace"] : [];
  const operation = (
    verb: string,
    method: Operation["method"],
    action: string,
    query: readonly string[],
    body: Operation["body"],
    answers: Operation["answers"],
  ): readonly Operation[] =>
    served.verbs.includes(verb) ? [{ method, action, gvk, query, body, answers }] : [];
  const collection = [
    ...operation("list", "get", "list", [...reading, ...selecting, ...watching], undefined, "list"),
    ...operation("create", "post", "post", writing, "object", "object"),
    ...operation(
      "deletecollection",
      "delete",
      "deletecollection",
      [...deleting, ...selecting],
      "options",
      "status",
    ),
  ];
  const one = [
    ...operation("get", "get", "get", reading, undefined, "object"),
    ...operation("update", "put", "put", writing, "object", "object"),
    ...operation("patch", "patch", "patch", [...writing, "force"], "patch", "object"),
    ...operation("delete", "delete", "delete", deleting, "options", "status"),
  ];
  const everywhere = operation(
    "list",
    "get",
    "list",
    [...reading, ...selecting, ...watching],
    undefined,
    "list",
  );
  return [
    ...(namespaced ? [{ path: `${root}/${plural}`, served, parameters: [], operations: everywhere }] : []),
    { path: home, served, parameters: namespace, operations: collection },
    { path: `${home}/{name}`, served, parameters: ["name", ...namespace], operations: one },
  ].filter(({ operations }) => operations.length > 0);
}

const patchTypes: readonly string[] = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** The part of an operation that both versions of OpenAPI share. */
export const operationHead = ({ action, gvk, method }: Operation, { path }: Path): Json => ({
  operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next?: string) => (next ?? "").toUpperCase())}`,
  "x-kubernetes-action": action,
  [gvkExtension]: gvk,
});

/** Custom resources have no merge keys in Go types: strategic merge patches are for built-in kinds. */
export const patchTypesOf = ({ custom }: Served): readonly string[] =>
  custom === undefined ? patchTypes : patchTypes.filter((type) => !type.includes("strategic"));
