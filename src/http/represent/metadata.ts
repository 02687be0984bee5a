/**
 * metav1.PartialObjectMetadata: for garbage collectors and other clients that need no body. The body is not decoded.
 */

import { defineView, type View } from "../../resource/contract/view.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { jsonOf } from "./json.ts";
import type { Representation } from "./representation.ts";

const encoder = new TextEncoder();
const apiVersion = "meta.k8s.io/v1";
const kind = "PartialObjectMetadata";

const view: View<Resource, Uint8Array> = defineView<Resource, Uint8Array>({
  name: "partial object metadata",
  from: "metadata",
  project: ({ metadata }) => encoder.encode(JSON.stringify({ kind, apiVersion, metadata })),
  sizeBytes: (bytes) => bytes.byteLength,
});

/** The metadata of any kind's objects as JSON. */
export function metadataRepresentation(): Representation {
  return jsonOf({
    shape: "PartialObjectMetadata",
    view,
    listHead: (metadata) => {
      const list = { kind: `${kind}List`, apiVersion, metadata };
      return `${JSON.stringify(list).slice(0, -1)},"items":[`;
    },
    listEnd: "]}\n",
    objectHead: "",
    objectEnd: "",
    bookmark: (metadata) => ({ kind, apiVersion, metadata }),
  });
}
