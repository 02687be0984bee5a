/**
 * JSON, which every client reads: objects, tables and partial metadata differ only in the text around an item's bytes.
 *
 *   list    {"kind":"PodList","apiVersion":"v1","metadata":{…},"items":[ ITEM , ITEM ]}
 *   watch   {"type":"ADDED","object": ITEM }\n
 */
import type { ListPage } from "../../resource/contract/reader.ts";
import { jsonView, type View } from "../../resource/contract/view.ts";
import type { WatchEvent } from "../../resource/contract/watch.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { FrameMemo, framesOf } from "./frame-memo.ts";
import { apiVersionOf, type KindName, type Representation, type Shape } from "./representation.ts";
import { slabsOf } from "./slabs.ts";

const encoder = new TextEncoder();
const comma = encoder.encode(",");
const eventEnd = encoder.encode("}\n");
const eventHeads = {
  ADDED: encoder.encode('{"type":"ADDED","object":'),
  MODIFIED: encoder.encode('{"type":"MODIFIED","object":'),
  DELETED: encoder.encode('{"type":"DELETED","object":'),
};

export const jsonType = "application/json";

/** The differences between JSON representations. */
export interface JsonParts {
  readonly shape: Shape;
  readonly view: View<Resource, Uint8Array>;
  /** Before and after a list's items: `{"kind":"PodList", … "items":[` and `]}`. */
  listHead(metadata: object): string;
  readonly listEnd: string;
  /** Around the item of a single object or event; "" for an item that is the object. */
  readonly objectHead: string;
  readonly objectEnd: string;
  /** The object of a BOOKMARK. */
  bookmark(metadata: object): object;
}

/** metadata of a list, as Kubernetes writes it: absent values are left out. */
export function listMetadata({
  resourceVersion,
  continueToken,
  remainingItemCount,
}: ListPage<unknown>): object {
  return {
    resourceVersion,
    ...(continueToken === undefined ? {} : { continue: continueToken }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

/** metadata of a BOOKMARK's object. */
export function bookmarkMetadata(event: {
  readonly resourceVersion: string;
  readonly initialEventsEnd?: true;
}): object {
  const { resourceVersion, initialEventsEnd } = event;
  return initialEventsEnd === true
    ? { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } }
    : { resourceVersion };
}

export function jsonOf(parts: JsonParts): Representation {
  const objectHead = encoder.encode(parts.objectHead);
  const objectEnd = encoder.encode(parts.objectEnd);
  const listEnd = encoder.encode(parts.listEnd);
  const isWrapped = parts.objectHead !== "";
  const memo = new FrameMemo((event) => {
    if (event.type === "BOOKMARK") {
      return [jsonLine({ type: "BOOKMARK", object: parts.bookmark(bookmarkMetadata(event)) })];
    }
    const head = eventHeads[event.type];
    return isWrapped ? [head, objectHead, event.object, objectEnd, eventEnd] : [head, event.object, eventEnd];
  });
  return {
    type: jsonType,
    shape: parts.shape,
    contentType: jsonType,
    watchContentType: jsonType,
    view: parts.view,
    object: (item) => (isWrapped ? framesOf([objectHead, item, objectEnd]).plain : item),
    list(page) {
      const head = encoder.encode(parts.listHead(listMetadata(page)));
      const { items } = page;
      let sizeBytes = head.byteLength + listEnd.byteLength + Math.max(0, items.length - 1);
      for (const item of items) sizeBytes += item.byteLength;
      return slabsOf(() => listParts(head, items, listEnd), sizeBytes);
    },
    frames: (events: readonly WatchEvent<Uint8Array>[]) => memo.of(events),
    errorFrames: (status) => framesOf([jsonLine({ type: "ERROR", object: status })]),
    document: (value) => encoder.encode(JSON.stringify(value)),
  };
}

function jsonLine(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}

function* listParts(
  head: Uint8Array,
  items: readonly Uint8Array[],
  end: Uint8Array,
): Generator<Uint8Array, undefined> {
  yield head;
  let isFirst = true;
  for (const item of items) {
    if (!isFirst) yield comma;
    isFirst = false;
    yield item;
  }
  yield end;
}

/** The objects of `kind` as JSON. */
export function jsonRepresentation(kind: KindName): Representation {
  const apiVersion = apiVersionOf(kind);
  return jsonOf({
    shape: undefined,
    view: jsonView,
    listHead: (metadata) => {
      const list = { kind: `${kind.kind}List`, apiVersion, metadata };
      return `${JSON.stringify(list).slice(0, -1)},"items":[`;
    },
    listEnd: "]}\n",
    objectHead: "",
    objectEnd: "",
    bookmark: (metadata) => ({ kind: kind.kind, apiVersion, metadata }),
  });
}
