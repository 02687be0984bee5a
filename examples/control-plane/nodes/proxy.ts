/** The routing table of a node's proxy: the endpoints of each service's address and port. */
import type { ClusterClient } from "../client/cluster-client.ts";
import { endpointSliceKind, serviceKind } from "../objects.ts";

export class ServiceProxy {
  readonly #services = new Map<string, string>();
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(cluster: ClusterClient) {
    cluster.informer(serviceKind).onChange(({ metadata: { namespace, name }, spec }, gone) => {
      const id = `${namespace}/${name}`;
      if (gone || spec.clusterIP === undefined) this.#services.delete(id);
      else this.#services.set(id, spec.clusterIP);
    });
    cluster.informer(endpointSliceKind).onChange((slice, gone) => {
      const { namespace, name } = slice.metadata;
      const ready = slice.endpoints.filter(({ conditions }) => conditions.ready);
      const service = slice.metadata.labels?.["kubernetes.io/service-name"] ?? "";
      this.#addresses.set(
        `${namespace}/${service}/${name}`,
        gone ? [] : ready.flatMap(({ addresses }) => addresses),
      );
    });
  }

  clusterIpOf(namespace: string, name: string): string | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  /** Addresses of the ready pods behind a service. */
  backendsOf(namespace: string, name: string): readonly string[] {
    const prefix = `${namespace}/${name}/`;
    return [...this.#addresses].filter(([id]) => id.startsWith(prefix)).flatMap(([, addresses]) => addresses);
  }
}
