/**
 * EncryptedObject, the protobuf message after "k8s:enc:kms:v2:<plugin>:":
 *
 *   1 bytes  encrypted data           2 text  id of the service's key     3 bytes  the wrapped data key, or its seed
 *   4 map    annotations of the service (text to bytes)                   5 enum   what 3 is: a key (0), a seed (1)
 *
 * A seed (since 1.29) is never used directly: each value has its own key, HKDF-Expand-SHA256(seed, info), and its
 * encrypted data begins with the 32 bytes of info.
 */
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import { messageOf } from "../../base/text/message-of.ts";
import { KeyFault } from "../../codec/sealing/transform.ts";
import { MessageReader, writeMap } from "./proto-message.ts";

/** Limits of kube-apiserver: 1 kB for key id and wrapped key, 32 kB for all annotations. */
export const keyIdBytesMax = 1024;
const dataKeyBytesMax = 1024;
const annotationsBytesMax: number = 32 * 1024;

export type DataKeySource = "key" | "seed";

export interface EncryptedObject {
  readonly data: Uint8Array;
  readonly keyId: string;
  readonly wrappedKey: Uint8Array;
  readonly annotations: ReadonlyMap<string, Uint8Array>;
  readonly source: DataKeySource;
}

export function encodeEncryptedObject(object: EncryptedObject): Uint8Array {
  const writer = new ProtoWriter(object.data.byteLength + object.wrappedKey.byteLength + 256);
  writer.number(5, object.source === "seed" ? 1 : 0);
  writeMap(writer, 4, object.annotations);
  writer.bytes(3, object.wrappedKey);
  writer.bytes(2, object.keyId);
  writer.bytes(1, object.data);
  return writer.finish();
}

/** @throws KeyFault when it is malformed, or beyond kube-apiserver's limits */
export function decodeEncryptedObject(bytes: Uint8Array): EncryptedObject {
  let data = new Uint8Array(0);
  let keyId = "";
  let wrappedKey = new Uint8Array(0);
  let type = 0;
  const annotations = new Map<string, Uint8Array>();
  try {
    const reader = new MessageReader(bytes);
    for (let field = reader.next(); field !== undefined; field = reader.next()) {
      if (field === 1) data = reader.bytes();
      else if (field === 2) keyId = reader.text();
      else if (field === 3) wrappedKey = reader.bytes();
      else if (field === 4) reader.entry(annotations);
      else if (field === 5) type = reader.varint();
      else reader.skip();
    }
  } catch (error) {
    throw new KeyFault(`it is no EncryptedObject: ${messageOf(error)}`);
  }
  if (type !== 0 && type !== 1) throw new KeyFault(`its kind of data key ${type} is unknown`);
  const object: EncryptedObject = {
    data,
    keyId,
    wrappedKey,
    annotations,
    source: type === 1 ? "seed" : "key",
  };
  const fault = data.byteLength === 0 ? "it holds no data" : dataKeyFault(object);
  if (fault !== undefined) throw new KeyFault(fault);
  return object;
}

/** The fault in a response of a key service, by kube-apiserver's limits; undefined when it is valid. */
export function dataKeyFault(
  object: Pick<EncryptedObject, "keyId" | "wrappedKey" | "annotations">,
): string | undefined {
  const { keyId, wrappedKey, annotations } = object;
  const idBytes = Buffer.byteLength(keyId);
  if (idBytes === 0 || idBytes > keyIdBytesMax)
    return `its key id has ${idBytes} bytes, expected 1 to ${keyIdBytesMax}`;
  if (wrappedKey.byteLength === 0 || wrappedKey.byteLength > dataKeyBytesMax) {
    return `its wrapped key has ${wrappedKey.byteLength} bytes, expected 1 to ${dataKeyBytesMax}`;
  }
  let total = 0;
  for (const [name, value] of annotations) total += Buffer.byteLength(name) + value.byteLength;
  return total > annotationsBytesMax
    ? `its annotations have ${total} bytes, expected at most ${annotationsBytesMax}`
    : undefined;
}
