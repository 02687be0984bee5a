/**
 * Addresses that the server allocates: a cluster IP for each service, and a node port for services that request one.
 *
 * Several servers share an etcd, so an address is taken by creating an object named after it (networking.k8s.io
 * IPAddress, as Kubernetes does since 1.33): the first server to create it owns the address, and no list has to be
 * read. An address is free again when the service in its parent reference no longer exists.
 */
import { randomInt } from "node:crypto";
import { isStoreError, type Kind, type Resource, type Store } from "keelson";
import { Refusal } from "../api/refusal.ts";
import { at, type Json, listAt, objectAt } from "../defaults/rules.ts";
import type { AdmissionContext } from "./strategy.ts";

/** 10.96.0.0/12's first part: enough for an example, and kubeadm's default. */
const addressOf = (host: number): string => `10.96.${host >> 8}.${host & 0xff}`;
/** 10.96.0.1 is the API server's own. */
const hosts = { from: 2, to: 0xfffe };
const nodePorts = { from: 30_000, to: 32_768 };
const triesMax = 64;

export async function giveAddresses(service: Json, context: AdmissionContext): Promise<void> {
  service["status"] = { loadBalancer: {} };
  const spec = objectAt(service, "spec");
  if (spec["type"] !== "ExternalName" && spec["clusterIP"] === undefined) {
    spec["clusterIP"] = await takeAddress(context, service);
  }
  if (spec["clusterIP"] !== undefined) spec["clusterIPs"] ??= [spec["clusterIP"]];
  givePorts(service);
}

/** An update keeps the address its service has, whether or not the client sends it along. */
export async function keepAddresses(service: Json, current: Json, context: AdmissionContext): Promise<void> {
  const [spec, old] = [objectAt(service, "spec"), objectAt(current, "spec")];
  if (spec["type"] !== "ExternalName") {
    spec["clusterIP"] ??= old["clusterIP"] ?? (await takeAddress(context, service));
    spec["clusterIPs"] ??= old["clusterIPs"] ?? [spec["clusterIP"]];
  }
  const ports = listAt(current, "spec.ports");
  for (const port of listAt(service, "spec.ports")) {
    port["nodePort"] ??= ports.find((one) => one["port"] === port["port"])?.["nodePort"];
    if (port["nodePort"] === undefined) delete port["nodePort"];
  }
  givePorts(service);
}

function givePorts(service: Json): void {
  const type = at(service, "spec.type");
  if (type !== "NodePort" && type !== "LoadBalancer") return;
  for (const port of listAt(service, "spec.ports"))
    port["nodePort"] ??= randomInt(nodePorts.from, nodePorts.to);
}

async function takeAddress({ store, dryRun }: AdmissionContext, service: Json): Promise<string> {
  const kind = store.kinds.find(({ kind }) => kind === "IPAddress");
  if (kind === undefined)
    throw new Refusal(500, "InternalError", "Internal error occurred: no IPAddress kind");
  const { namespace, name, generateName } = objectAt(service, "metadata");
  const parentRef = { group: "", resource: "services", namespace, name: name ?? generateName };
  for (let tries = 0; tries < triesMax; tries++) {
    const address = addressOf(randomInt(hosts.from, hosts.to));
    if (dryRun || (await take(store, kind, address, parentRef))) return address;
  }
  throw new Refusal(
    500,
    "InternalError",
    "Internal error occurred: failed to allocate a cluster IP: none was free",
  );
}

async function take(store: Store, kind: Kind, address: string, parentRef: Json): Promise<boolean> {
  const draft = { metadata: { name: address }, spec: { parentRef } } as unknown as Resource;
  try {
    await store.resources(kind).create(draft);
    return true;
  } catch (error) {
    if (isStoreError(error, "ALREADY_EXISTS")) return false;
    throw error;
  }
}
