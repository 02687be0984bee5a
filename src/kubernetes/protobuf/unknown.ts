/**
 * The envelope of Kubernetes' protobuf: the four bytes "k8s\0", then a `runtime.Unknown` message.
 *
 *   6b 38 73 00 | 1: typeMeta { 1: apiVersion, 2: kind } | 2: raw | 3: contentEncoding | 4: contentType
 *
 * etcd holds every built-in object in it, and Kubernetes' HTTP carries it as application/vnd.kubernetes.protobuf.
 * (k8s.io/apimachinery pkg/runtime/types.go, Unknown.)
 */

/** "k8s\0". */
export const protobufMagic: readonly [number, number, number, number] = [0x6b, 0x38, 0x73, 0x00];

/** Whether the bytes begin as Kubernetes' protobuf does. */
export function isKubernetesProtobuf(bytes: Uint8Array): boolean {
  return (
    bytes[0] === protobufMagic[0] &&
    bytes[1] === protobufMagic[1] &&
    bytes[2] === protobufMagic[2] &&
    bytes[3] === protobufMagic[3]
  );
}
