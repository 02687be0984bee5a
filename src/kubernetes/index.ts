/**
 * The entry point `keelson/kubernetes`: the formats in which Kubernetes stores objects in etcd and sends them over
 * HTTP.
 *
 * @module keelson/kubernetes
 */
import "../base/supported-node.ts";

export { encryptionConfiguration } from "./encryption/encryption-configuration.ts";
export {
  type CustomResourceOptions,
  customResourceKinds,
  customResources,
  type KeyReader,
} from "./kinds/custom-kinds.ts";
export {
  convertKubernetes,
  kubernetesKind,
  kubernetesKinds,
  kubernetesVersions,
} from "./kinds/kubernetes-kinds.ts";
export {
  type CustomResource,
  type CustomVersion,
  customResourceOf,
  type PrinterColumn,
} from "./kinds/resource-definition.ts";
export { kubernetesCodec } from "./protobuf/kubernetes-codec.ts";
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
export {
  decodeKubernetesWatchEvents,
  encodeKubernetesWatchEvent,
  type KubernetesWatchEvent,
  type KubernetesWatchType,
} from "./protobuf/watch-frame.ts";
export type { FieldFacts, FieldType, KindFacts, KubernetesTypes, MessageFacts } from "./types/type-facts.ts";
export { kubernetesTypes } from "./types/type-table.ts";
