/**
 * Reads a stored CustomResourceDefinition: names, versions, the stored version, and columns. Both versions of the
 * definition are read, because kube-apiserver stores v1beta1 and clients write v1.
 */
import { messageOf } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import { StoreError } from "../../errors.ts";
import { defineKind, resourceName } from "../../resource/model/define-kind.ts";
import type { Kind, ScalePaths } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { definitionToV1 } from "./definition-conversion.ts";
import { type Fields, fieldsOf, listOf } from "./plain-fields.ts";
import { declaredField } from "./selectable-fields.ts";

/** A version of a custom kind. */
export interface CustomVersion {
  /** "v1alpha1". */
  readonly name: string;
  /** API servers serve it. */
  readonly served: boolean;
  /** True for the one version in which objects are stored. */
  readonly storage: boolean;
}

/** A column that `kubectl get` shows. */
export interface PrinterColumn {
  /** Header of the column. */
  readonly name: string;
  /** "string", "integer", "number", "boolean" or "date". */
  readonly type: string;
  /** A JSONPath without braces, e.g. ".spec.size". */
  readonly jsonPath: string;
  /** 0: always shown; higher: only with `-o wide`. */
  readonly priority: number;
}

/** A custom kind with the details of its definition. */
export interface CustomResource {
  /**
   * The kind, in its stored version. Objects stored in another version are converted to it, unless that needs a
   * webhook.
   */
  readonly kind: Kind;
  /** All versions, in the definition's order. */
  readonly versions: readonly CustomVersion[];
  /** Versions in which objects may still be stored, from the definition's status. */
  readonly storedVersions: readonly string[];
  /** How kube-apiserver converts between versions: "None" changes only apiVersion. */
  readonly conversion: "None" | "Webhook";
  /** Columns of the stored version. */
  readonly columns: readonly PrinterColumn[];
}

/**
 * Reads a definition.
 * @throws CORRUPT_OBJECT when it does not define a valid kind
 */
export function customResourceOf(definition: AnyResource): CustomResource {
  const v1 = definition.apiVersion === "apiextensions.k8s.io/v1" ? definition : definitionToV1(definition);
  const spec = fieldsOf(v1["spec"]);
  const versions = listOf(spec["versions"]).map(fieldsOf);
  const stored = versions.find((version) => version["storage"] === true);
  try {
    if (stored === undefined) throw new Error("no version is marked as the one that is stored");
    const conversion = fieldsOf(spec["conversion"])["strategy"] === "Webhook" ? "Webhook" : "None";
    return {
      kind: kindOf(spec, stored, versions, conversion),
      versions: versions.map(({ name, served, storage }) => ({
        name: String(name),
        served: served === true,
        storage: storage === true,
      })),
      storedVersions: listOf(fieldsOf(v1["status"])["storedVersions"]).filter(
        (name) => typeof name === "string",
      ),
      conversion,
      columns: listOf(stored["additionalPrinterColumns"]).map(fieldsOf).map(columnOf),
    };
  } catch (error) {
    const reason = messageOf(error);
    const { name } = definition.metadata;
    throw new StoreError(
      "CORRUPT_OBJECT",
      `Cannot read CustomResourceDefinition ${quote(name)}: ${reason}`,
      {
        kind: "CustomResourceDefinition",
        group: "apiextensions.k8s.io",
        plural: "customresourcedefinitions",
        name,
        reason,
      },
      { cause: error },
    );
  }
}

function kindOf(
  spec: Fields,
  stored: Fields,
  versions: readonly Fields[],
  conversion: "None" | "Webhook",
): Kind {
  const names = fieldsOf(spec["names"]);
  const subresources = fieldsOf(stored["subresources"]);
  const group = textOf(spec["group"], "spec.group");
  const kind = textOf(names["kind"], "spec.names.kind");
  const apiVersion = `${group}/${textOf(stored["name"], "the stored version's name")}`;
  const known = new Set(versions.map(({ name }) => `${group}/${String(name)}`));
  const paths = listOf(stored["selectableFields"]).map((field) => withoutDot(fieldsOf(field)["jsonPath"]));
  const plural = textOf(names["plural"], "spec.names.plural");
  return defineKind<AnyResource>({
    group,
    version: textOf(stored["name"], "the stored version's name"),
    kind,
    plural,
    singular: optionalText(names["singular"]),
    shortNames: textsOf(names["shortNames"]),
    categories: textsOf(names["categories"]),
    scope: spec["scope"] === "Cluster" ? "Cluster" : "Namespaced",
    keyPath: `${group}/${plural}`,
    status: subresources["status"] !== undefined,
    scale: scaleOf(subresources["scale"]),
    fields: Object.fromEntries(
      paths.filter((path) => path !== "").map((path) => [path, declaredField(path)]),
    ),
    upgrade: (object) => {
      if (!known.has(object.apiVersion) || object.kind !== kind) {
        throw new Error(`${resourceName({ group, plural })} has no version ${quote(object.apiVersion)}`);
      }
      if (conversion === "Webhook") {
        throw new Error(`its definition converts by a webhook, which only kube-apiserver asks`);
      }
      return { ...(object as AnyResource), apiVersion };
    },
  });
}

function columnOf({ name, type, jsonPath, priority }: Fields): PrinterColumn {
  return {
    name: typeof name === "string" ? name : "",
    type: typeof type === "string" ? type : "string",
    jsonPath: typeof jsonPath === "string" ? jsonPath : "",
    priority: typeof priority === "number" ? priority : 0,
  };
}

function scaleOf(value: unknown): ScalePaths | undefined {
  if (value === undefined || value === null) return undefined;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = fieldsOf(value);
  const selector = withoutDot(labelSelectorPath);
  return {
    specReplicas: withoutDot(specReplicasPath),
    statusReplicas: withoutDot(statusReplicasPath),
    ...(selector === "" ? {} : { selector }),
  };
}

/** Definitions write ".spec.size", kinds "spec.size". */
function withoutDot(path: unknown): string {
  return typeof path === "string" ? path.replace(/^\./, "") : "";
}

function textOf(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${what} is missing`);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((name) => typeof name === "string");
}
