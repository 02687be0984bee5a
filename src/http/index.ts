/**
 * The entry point `keelson/http`: parse requests and send responses, to build your own API server. It has pure
 * functions over queries, objects and patches, and senders over Node's responses; it does not listen.
 *
 *   query        getQuery, listQuery, watchQuery, deleteQuery       options out of a URL
 *   receive      readBody                                           a request's body, bounded
 *   represent    jsonRepresentation, tableRepresentation, …         a kind's objects as bytes, made once per version
 *                negotiate                                          which of them the Accept header wants
 *   send         sendObject, sendDocument, sendList, sendWatch      the answer
 *   patch        patchTypeOf, patchOf, openApiMergeSchema           a PATCH body as a change of an object
 *   apply        serverSideApply, trackUpdate, fieldManagerOf       managed fields: apply, and every other write
 *
 * ```ts
 * const forms = [jsonRepresentation(kind), metadataRepresentation(), tableRepresentation(columns)];   // once per kind
 * const form = negotiate(request.headers.accept, forms, isWatch ? "watch" : "read");                 // undefined: 406
 * const reader = resources.as(form.view);
 * await sendWatch(response, form, reader.watch({ ...watchQuery(query), signal }), { bookmarks });
 * await sendList(response, form, await reader.list({ ...listQuery(query), signal }), { acceptEncoding });
 * ```
 *
 * @module keelson/http
 */
import "../base/supported-node.ts";

export type { MergeSchema } from "../resource/objects/merge-schema.ts";
export type { FieldScope } from "./apply/scope.ts";
export {
  type ApplyOptions,
  fieldManagerOf,
  type ManagerOptions,
  serverSideApply,
  trackUpdate,
} from "./apply/server-side-apply.ts";
export { jsonPatch } from "./patch/json-patch.ts";
export { mergePatch } from "./patch/merge-patch.ts";
export { openApiMergeSchema, type SchemaLookup } from "./patch/open-api-schema.ts";
export { type PatchType, patchContentTypes, patchOf, patchTypeOf } from "./patch/patch-of.ts";
export { strategicMergePatch } from "./patch/strategic-merge.ts";
export { type DeleteQuery, deleteQuery } from "./query/delete-query.ts";
export { getQuery, listQuery, watchQuery } from "./query/read-queries.ts";
export { type RequestStream, readBody } from "./receive/read-body.ts";
export { type MediaType, parseAccept, parseMediaType } from "./represent/accept.ts";
export { ageSince } from "./represent/age.ts";
export { humanDuration } from "./represent/human-duration.ts";
export { jsonRepresentation } from "./represent/json.ts";
export { metadataRepresentation } from "./represent/metadata.ts";
export { protobufRepresentation } from "./represent/protobuf.ts";
export {
  apiVersionOf,
  type KindName,
  type ListBody,
  negotiate,
  type Representation,
  type Shape,
  type WatchFrames,
} from "./represent/representation.ts";
export { nameAndAge, type TableColumn, tableRepresentation } from "./represent/table.ts";
export { yamlRepresentation } from "./represent/yaml.ts";
export type { ResponseStream, SendOptions, Writes } from "./send/response.ts";
export { sendBytes, sendDocument, sendList, sendObject } from "./send/send-body.ts";
export { type SendWatchOptions, sendWatch } from "./send/send-watch.ts";
