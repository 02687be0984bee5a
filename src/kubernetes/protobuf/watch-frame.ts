/**
 * Watch events in application/vnd.kubernetes.protobuf;stream=watch: each frame is a length of four bytes (big-endian)
 * and a WatchEvent without envelope, which contains the object with its own envelope.
 *
 *   length:u32  1: type  2: object { 1: raw = "k8s\0" … }
 *
 * (k8s.io/apimachinery: LengthDelimitedFramer, the protobuf stream serializer.)
 */
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import { DecodeFault } from "../../codec/form/decode-fault.ts";
import { StoreError } from "../../errors.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { decodeKubernetes, encodeKubernetesProtobuf } from "./kubernetes-object.ts";
import { EnvelopeFields } from "./unknown.ts";

/** Types of events that Kubernetes sends (apimachinery pkg/watch). */
export type KubernetesWatchType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

/** One event of a watch. */
export interface KubernetesWatchEvent {
  /** A `KubernetesWatchType`, or a type from a newer server. */
  readonly type: string;
  /** The object; for "ERROR" a metav1.Status. */
  readonly object: AnyResource;
}

const lengthBytes = 4;
/** Longest accepted frame, the limit of Kubernetes' own framer (16 MiB). */
const frameBytesMax = 16 * 1024 * 1024;

/**
 * The frame of one event.
 * @param object or its bytes from `encodeKubernetesProtobuf`: encoded once for many watchers
 * @throws INVALID_OBJECT
 */
export function encodeKubernetesWatchEvent(
  type: KubernetesWatchType,
  object: AnyResource | Uint8Array,
): Uint8Array {
  const raw = object instanceof Uint8Array ? object : encodeKubernetesProtobuf(object);
  const writer = new ProtoWriter(raw.length + 64);
  writer.bytesAlways(1, raw);
  writer.close(2, 0);
  writer.bytesAlways(1, type);
  const length = new Uint8Array(lengthBytes);
  new DataView(length.buffer).setUint32(0, writer.length);
  writer.rawBytes(length);
  return writer.copy();
}

/**
 * The events of all complete frames at the start of `bytes`, and the size of those frames; the rest is the beginning of
 * an incomplete frame.
 * @throws CORRUPT_OBJECT
 */
export function decodeKubernetesWatchEvents(bytes: Uint8Array): {
  /** The events, in order. */
  readonly events: readonly KubernetesWatchEvent[];
  /** Size of their frames, bytes; the rest is the beginning of an incomplete frame. */
  readonly bytesRead: number;
} {
  const events: KubernetesWatchEvent[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (bytes.length - at >= lengthBytes) {
    const size = view.getUint32(at);
    if (size > frameBytesMax)
      throw corruptFrame(`a frame of ${size} bytes, at most ${frameBytesMax} are read`, at);
    if (bytes.length - at - lengthBytes < size) break;
    const start = at + lengthBytes;
    events.push(readEvent(bytes, start, start + size));
    at = start + size;
  }
  return { events, bytesRead: at };
}

function readEvent(bytes: Uint8Array, start: number, end: number): KubernetesWatchEvent {
  try {
    const event = new EnvelopeFields(bytes, start, end);
    let type = "";
    let raw: Uint8Array = new Uint8Array(0);
    while (event.next()) {
      if (event.number === 1) type = event.text();
      else if (event.number === 2) {
        const object = new EnvelopeFields(bytes, event.start, event.end);
        while (object.next()) if (object.number === 1) raw = bytes.subarray(object.start, object.end);
      }
    }
    return { type, object: decodeKubernetes(raw) };
  } catch (error) {
    if (error instanceof DecodeFault) throw corruptFrame(error.message, start);
    throw error;
  }
}

function corruptFrame(reason: string, offset: number): StoreError<"CORRUPT_OBJECT"> {
  return new StoreError("CORRUPT_OBJECT", `Cannot read a watch event of Kubernetes: ${reason}`, {
    reason,
    offset,
  });
}
