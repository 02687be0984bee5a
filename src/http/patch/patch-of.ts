/** A PATCH request's body as a change of an object, by its content type. */
import type { MergeSchema } from "../../resource/objects/merge-schema.ts";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMergePatch } from "./strategic-merge.ts";

/** "apply" is server-side apply: see `serverSideApply`. */
export type PatchType = "json" | "merge" | "strategic" | "apply";

const types: ReadonlyMap<string, PatchType> = new Map([
  ["application/json-patch+json", "json"],
  ["application/merge-patch+json", "merge"],
  ["application/strategic-merge-patch+json", "strategic"],
  ["application/apply-patch+yaml", "apply"],
]);

/** Supported content types of PATCH, for the Accept-Patch header and a 415's message. */
export const patchContentTypes: readonly string[] = [...types.keys()];

/** The kind of patch of a content type, without parameters; undefined: unknown to Kubernetes, answer 415. */
export function patchTypeOf(contentType: string | undefined): PatchType | undefined {
  return types.get((contentType ?? "").split(";", 1).join("").trim().toLowerCase());
}

/**
 * Returns the patch as a function of the object, for `guaranteedUpdate`, which may call it again on every conflict.
 * @param schema merge rules of the kind, for "strategic"; undefined: records merge, lists are replaced. Kubernetes answers
 *   415 to a strategic merge patch of a custom resource instead
 * @throws (when run) INVALID_ARGUMENT for a malformed patch, INVALID_OBJECT for one that does not fit
 */
export function patchOf(
  type: Exclude<PatchType, "apply">,
  patch: unknown,
  schema?: MergeSchema,
): <T extends object>(current: T) => T {
  switch (type) {
    case "json":
      return (current) => jsonPatch(current, patch);
    case "merge":
      return (current) => mergePatch(current, patch);
    case "strategic":
      return (current) => strategicMergePatch(current, patch, schema);
  }
}
