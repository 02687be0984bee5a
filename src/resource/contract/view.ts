/**
 * Views: what a reader returns instead of the object itself (another API version, a table row, bytes for HTTP). A
 * cache computes each view of an object version at most once, for all its lists and watchers.
 */
import { checkOptions } from "../../base/text/known-options.ts";
import { invalidArgument } from "../../errors.ts";
import type { Resource } from "../model/resource.ts";

/** Created by `defineView`; a view's identity, not its name, decides what is shared. */
export interface View<in T, out V> {
  /** Name in errors. */
  readonly name: string;
  /** "metadata": `project` gets a Resource's three fields only, the body is not decoded. */
  readonly from: "object" | "metadata";
  /** Computes the value from an object; pure. */
  readonly project: (object: T) => V;
  /** Bytes that a cache charges to its budget for a value; absent: estimated. */
  sizeBytes?(value: V): number;
}

/**
 * Defines a view. `project` must be pure: it runs once per object version, and its result is shared.
 * @throws INVALID_ARGUMENT for an empty name, or for a member that must be a function and is not
 *
 *
 * @example
 * ```ts
 * import { defineView, type Resource } from "keelson";
 *
 * const nameAndLabels = defineView<Resource, string>({
 *   name: "name and labels",
 *   from: "metadata",
 *   project: ({ metadata }) => `${metadata.name} ${JSON.stringify(metadata.labels ?? {})}`,
 * });
 * ```
 */
export function defineView<T extends Resource, V>(spec: {
  /** Name in errors; not empty. */
  name: string;
  /**
   * Default "object". "metadata": `project` gets apiVersion, kind and metadata only, and the body is not decoded.
   */
  from?: "object" | "metadata" | undefined;
  /** Computes the value; must not change the object. */
  project: (object: T) => V;
  /** Bytes that a cache charges to its budget for a value; default an estimate. */
  sizeBytes?: ((value: V) => number) | undefined;
}): View<T, V> {
  checkOptions(spec ?? null, "define view", viewNames, "view");
  if (typeof spec.name !== "string" || spec.name === "") {
    throw invalidArgument("name", "Cannot define view: the name is empty");
  }
  if (typeof spec.project !== "function") {
    throw invalidArgument("project", `Cannot define view "${spec.name}": project is not a function`);
  }
  if (spec.from !== undefined && spec.from !== "object" && spec.from !== "metadata") {
    throw invalidArgument(
      "from",
      `Cannot define view "${spec.name}": from is neither "object" nor "metadata"`,
    );
  }
  return Object.freeze({
    name: spec.name,
    from: spec.from ?? "object",
    project: spec.project,
    ...(spec.sizeBytes === undefined ? {} : { sizeBytes: spec.sizeBytes }),
  });
}

const viewNames = {
  name: "text",
  from: ["object", "metadata"],
  project: "function",
  sizeBytes: "function",
} as const;

/** @throws INVALID_ARGUMENT for a view that is not from `defineView` */
export function checkView(view: unknown): void {
  const made = typeof view === "object" && view !== null && "project" in view ? view.project : undefined;
  if (typeof made === "function") return;
  throw invalidArgument("view", "Cannot read as this view: it is not made by defineView()");
}

const encoder = new TextEncoder();

/** The object as JSON bytes, ready for an HTTP body. */
export const jsonView: View<Resource, Uint8Array> = defineView<Resource, Uint8Array>({
  name: "json",
  project: (object) => encoder.encode(JSON.stringify(object)),
  sizeBytes: (bytes) => bytes.byteLength,
});

/** apiVersion, kind and metadata only (PartialObjectMetadata's content). */
export const metadataView: View<Resource, Resource> = defineView<Resource, Resource>({
  name: "metadata",
  from: "metadata",
  project: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }),
});
