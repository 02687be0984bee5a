/** The door `keelson/kubernetes`: what Kubernetes' own programs store in etcd and send over HTTP. */
export { isKubernetesProtobuf } from "./protobuf/unknown.ts";
