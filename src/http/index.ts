/**
 * The door `keelson/http`: what a client's request means and how it is answered, for an API server of the reader's own.
 * Pure functions over queries, objects and patches; nothing here listens.
 */
export type { MergeSchema } from "../resource/merge-schema.ts";
export { jsonPatch } from "./patch/json-patch.ts";
export { mergePatch } from "./patch/merge-patch.ts";
export { openApiMergeSchema, type SchemaLookup } from "./patch/open-api-schema.ts";
export { type PatchType, patchContentTypes, patchOf, patchTypeOf } from "./patch/patch-of.ts";
export { strategicMergePatch } from "./patch/strategic-merge.ts";
export { deleteQuery } from "./query/delete-query.ts";
export { getQuery, listQuery, watchQuery } from "./query/read-queries.ts";
