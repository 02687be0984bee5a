/**
 * Kubernetes' protobuf on the wire, given an encoder of one object (`encodeKubernetes` of `keelson/kubernetes`).
 *
 *   object, list    "k8s\0" Unknown{ 1: TypeMeta{ 1: apiVersion 2: kind } 2: raw }
 *   raw of a list   1: ListMeta{ 2: resourceVersion 3: continue 4: remainingItemCount }  2: raw of an item, repeated
 *   watch           length (4 bytes, big endian)  WatchEvent{ 1: type 2: RawExtension{ 1: object, "k8s\0" and all } }
 *
 * Source: apimachinery runtime/serializer/protobuf and streaming, apis/meta/v1/generated.proto.
 */
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import { StoreError } from "../../errors.ts";
import type { ListPage } from "../../resource/contract/reader.ts";
import { defineView } from "../../resource/contract/view.ts";
import type { WatchEvent } from "../../resource/contract/watch.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { FrameMemo, framesOf } from "./frame-memo.ts";
import { bookmarkMetadata } from "./json.ts";
import { lengthOfVarint, readVarint } from "./protobuf-fields.ts";
import { apiVersionOf, type KindName, type Representation } from "./representation.ts";
import { slabsOf } from "./slabs.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
/** Tag of field 2: "bytes that follow have this length". */
const tag2 = 0x12;
/** Reserved space before an object's bytes. */
const headBytes = 32;

/**
 * The objects of `kind` in Kubernetes' protobuf.
 * @param encode encodes an object with its apiVersion and kind as "k8s\0" and Unknown; also called with a Status and
 * the object of a BOOKMARK
 */
export function protobufRepresentation(
  kind: KindName,
  encode: (object: Resource) => Uint8Array,
): Representation {
  const apiVersion = apiVersionOf(kind);
  const view = defineView<Resource, Uint8Array>({
    name: "protobuf",
    project: encode,
    sizeBytes: (bytes) => bytes.byteLength,
  });
  // Only fields of the type are sent: a Status or a bookmark has no uid and no generation.
  const document = (value: object): Uint8Array => encode(value as Resource);
  const memo = new FrameMemo((event) =>
    event.type === "BOOKMARK"
      ? eventFrame("BOOKMARK", document({ apiVersion, kind: kind.kind, metadata: bookmarkMetadata(event) }))
      : eventFrame(event.type, event.object),
  );
  return {
    type: protobufType,
    shape: undefined,
    contentType: protobufType,
    watchContentType: `${protobufType};stream=watch`,
    view,
    object: (item) => item,
    list: (page) => listOf(apiVersion, `${kind.kind}List`, page),
    frames: (events: readonly WatchEvent<Uint8Array>[]) => memo.of(events),
    errorFrames: (status) => framesOf(eventFrame("ERROR", document(status))),
    document,
  };
}

function eventFrame(type: string, object: Uint8Array): readonly Uint8Array[] {
  const head = new ProtoWriter(headBytes);
  head.head(1, object.byteLength);
  head.head(2, head.length + object.byteLength);
  head.bytesAlways(1, type);
  const sizeBytes = head.length + object.byteLength;
  head.rawBytes(Uint8Array.of(sizeBytes >>> 24, sizeBytes >>> 16, sizeBytes >>> 8, sizeBytes));
  return [head.copy(), object];
}

function listOf(apiVersion: string, kind: string, page: ListPage<Uint8Array>): ReturnType<typeof slabsOf> {
  const { resourceVersion, continueToken, remainingItemCount } = page;
  const raws = page.items.map(rawOf);
  let itemsBytes = 0;
  for (const raw of raws) itemsBytes += 1 + lengthOfVarint(raw.byteLength) + raw.byteLength;
  const head = new ProtoWriter();
  if (remainingItemCount !== undefined) head.numberAlways(4, remainingItemCount);
  if (continueToken !== undefined) head.bytesAlways(3, continueToken);
  head.bytesAlways(2, resourceVersion);
  head.close(1, 0);
  head.head(2, head.length + itemsBytes);
  const typeMeta = head.open();
  head.bytesAlways(2, kind);
  head.bytesAlways(1, apiVersion);
  head.close(1, typeMeta);
  head.rawBytes(magic);
  const headOfList = head.copy();
  return slabsOf(() => listParts(headOfList, raws), headOfList.byteLength + itemsBytes + endBytes.byteLength);
}

/** Unknown's contentEncoding and contentType, which Kubernetes writes empty. */
const endBytes = Uint8Array.of(0x1a, 0x00, 0x22, 0x00);

function* listParts(head: Uint8Array, raws: readonly Uint8Array[]): Generator<Uint8Array, undefined> {
  yield head;
  for (const raw of raws) {
    const head = new ProtoWriter(headBytes);
    head.head(2, raw.byteLength);
    yield head.finish();
    yield raw;
  }
  yield endBytes;
}

/** The message inside "k8s\0" and Unknown. @throws CORRUPT_OBJECT for bytes without that frame */
function rawOf(bytes: Uint8Array): Uint8Array {
  let at = magic.byteLength;
  if (magic.every((byte, index) => bytes[index] === byte)) {
    while (at < bytes.byteLength) {
      const tag = bytes[at];
      const length = readVarint(bytes, at + 1);
      const from = at + 1 + lengthOfVarint(length);
      if (tag === tag2) return bytes.subarray(from, from + length);
      at = from + length;
    }
    // A message without fields has no raw.
    return bytes.subarray(bytes.byteLength);
  }
  throw new StoreError("CORRUPT_OBJECT", 'Cannot list as protobuf: an item does not begin with "k8s\\0"', {
    reason: 'an item does not begin with "k8s\\0"',
  });
}
