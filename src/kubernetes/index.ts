/** The door `keelson/kubernetes`: what Kubernetes' own programs store in etcd and send over HTTP. */
export {
  type DecodeOptions,
  decodeKubernetes,
  type EncodeOptions,
  encodeKubernetes,
  encodeKubernetesProtobuf,
  hasKubernetesProtobuf,
} from "./protobuf/kubernetes-object.ts";
export type { UnknownField } from "./protobuf/message-reader.ts";
export { isKubernetesProtobuf } from "./protobuf/unknown.ts";
export type { FieldFacts, FieldType, KindFacts, KubernetesTypes, MessageFacts } from "./types/type-facts.ts";
export { kubernetesTypes } from "./types/type-table.ts";
