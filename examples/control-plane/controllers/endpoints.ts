/**
 * The endpoints controller: writes, for each service, the addresses of the ready pods it selects, a hundred per slice.
 */
import type { Key } from "keelson";
import type { ClusterClient } from "../client/cluster-client.ts";
import { ownedByReference } from "../client/informer.ts";
import {
  endpointSliceKind,
  isActive,
  isReady,
  type Pod,
  podKind,
  type Service,
  serviceKind,
} from "../objects.ts";
import { Controller } from "./controller.ts";

const perSlice = 100;
const serviceLabel = "kubernetes.io/service-name";
/** Pods change in bursts: a service waits this long for more changes before it is recomputed. */
const settleAfterMs = 50;

export function runEndpoints(cluster: ClusterClient): Controller {
  const services = cluster.informer(serviceKind);
  const pods = cluster.informer(podKind);
  const slices = cluster.informer(endpointSliceKind);
  /** Services with a selector, by namespace. */
  const selecting = new Map<string, Map<string, Readonly<Record<string, string>>>>();

  const settle = async (key: Key): Promise<void> => {
    const service = await services.get(key);
    if (service?.spec.selector === undefined) return;
    const selector = Object.entries(service.spec.selector).map(([name, value]) => `${name}=${value}`);
    const selected = await pods.list(key.namespace, selector.join(","));
    const endpoints = selected
      .filter((pod) => isActive(pod) && pod.status?.podIP !== undefined)
      .map(endpointOf);
    const wanted = Math.max(1, Math.ceil(endpoints.length / perSlice));
    const owned = new Map(
      (await slices.ownedBy(service.metadata.uid)).map((slice) => [slice.metadata.name, slice]),
    );
    for (let i = 0; i < wanted; i++) {
      const name = `${key.name}-${i}`;
      const part = { ports: portsOf(service), endpoints: endpoints.slice(i * perSlice, (i + 1) * perSlice) };
      const before = owned.get(name);
      owned.delete(name);
      if (before === undefined) await slices.resources.create(sliceOf(service, name, part), key.namespace);
      else if (JSON.stringify(before.endpoints) !== JSON.stringify(part.endpoints)) {
        await slices.resources.update({ ...before, ...part });
      }
    }
    for (const { metadata } of owned.values()) await slices.resources.delete(metadata);
  };

  const controller = new Controller({ name: "endpoints", settle, signal: cluster.signal });
  services.onChange((service, gone) => {
    const { namespace = "", name } = service.metadata;
    const known = selecting.get(namespace) ?? new Map<string, Readonly<Record<string, string>>>();
    selecting.set(namespace, known);
    if (gone || service.spec.selector === undefined) known.delete(name);
    else known.set(name, service.spec.selector);
    if (!gone) controller.enqueue(service.metadata);
  });
  const pending = new Set<string>();
  pods.onChange(({ metadata: { namespace = "", labels } }) => {
    for (const [name, selector] of selecting.get(namespace) ?? []) {
      const id = `${namespace}/${name}`;
      if (pending.has(id) || !Object.entries(selector).every(([key, value]) => labels?.[key] === value))
        continue;
      pending.add(id);
      setTimeout(() => {
        pending.delete(id);
        controller.enqueue({ namespace, name });
      }, settleAfterMs).unref();
    }
  });
  return controller;
}

const endpointOf = (pod: Pod) => ({
  addresses: [pod.status?.podIP ?? ""],
  conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
  ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  targetRef: {
    kind: "Pod",
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    uid: pod.metadata.uid,
  },
});

const portsOf = ({ spec }: Service) =>
  (spec.ports ?? []).map(({ name = "", port, targetPort, protocol = "TCP" }) => ({
    name,
    port: typeof targetPort === "number" ? targetPort : port,
    protocol,
  }));

const sliceOf = (service: Service, name: string, part: object): object => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name,
    labels: { [serviceLabel]: service.metadata.name, "endpointslice.kubernetes.io/managed-by": "keelson" },
    ownerReferences: [ownedByReference(service)],
  },
  addressType: "IPv4",
  ...part,
});
