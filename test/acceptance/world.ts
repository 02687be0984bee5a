/**
 * What the acceptance scenarios share: a real etcd, stores below prefixes of their own, kinds a stranger would
 * define, and what their calls are refused with. Only the package's entry points are used, as a stranger would.
 */
import {
  createStore,
  defineKind,
  type Kind,
  type Resource,
  type Store,
  type StoreOptions,
  type WatchEvent,
} from "keelson";
import { type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { connect } from "../support/etcd-cases.ts";

export interface Pod extends Resource {
  spec: { nodeName?: string; image: string; cpu?: string };
  status?: { phase?: string; ip?: string };
}

export const Pod: Kind<Pod> = defineKind<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  status: true,
  fields: { "spec.nodeName": (pod) => pod.spec.nodeName, "status.phase": (pod) => pod.status?.phase },
  indexes: ["label:app", "field:spec.nodeName"],
  measure: (pod) => ({ "requests.cpu": pod.spec.cpu ?? 0 }),
});

/** No status subresource, no fields: the plainest kind. */
export interface ConfigMap extends Resource {
  data?: Record<string, string>;
}

export const ConfigMap: Kind<ConfigMap> = defineKind<ConfigMap>({
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
});

export interface Secret extends Resource {
  data?: Record<string, string>;
}

export const Secret: Kind<Secret> = defineKind<Secret>({
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
});

export interface Node extends Resource {
  spec?: { unschedulable?: boolean };
}

export const Node: Kind<Node> = defineKind<Node>({
  version: "v1",
  kind: "Node",
  plural: "nodes",
  scope: "Cluster",
});

export const pod = (
  name: string,
  more: { labels?: Record<string, string>; nodeName?: string; image?: string; cpu?: string } = {},
) => ({
  metadata: { name, namespace: "default", ...(more.labels === undefined ? {} : { labels: more.labels }) },
  spec: {
    image: more.image ?? "nginx",
    ...(more.nodeName === undefined ? {} : { nodeName: more.nodeName }),
    ...(more.cpu === undefined ? {} : { cpu: more.cpu }),
  },
});

export const configMap = (
  name: string,
  data: Record<string, string> = { a: "1" },
  namespace = "default",
) => ({
  metadata: { name, namespace },
  data,
});

export const at = (name: string, namespace = "default") => ({ namespace, name });

export interface World extends AsyncDisposable {
  readonly server: LocalEtcd;
  readonly etcd: Etcd;
  /** A store below a prefix of its own, closed with the world; `options.prefix` to open one again. */
  store(options?: Partial<StoreOptions>): Promise<Store>;
  prefix(): string;
  /** A connection of its own, for whoever asks to close. */
  connect(): Promise<Etcd>;
  /** Keys of the world that were put after `version`, but for what a store keeps for itself: sessions, dictionaries, locks. */
  writtenAfter(version: string): Promise<string[]>;
}

/** Put at its own time by any open store: below the bookkeeping root of its prefix. */
const bookkeeping = /^\/keelson\/[^/]+\/(?:sessions|dictionaries|locks)\//;

export async function startWorld(binary?: string): Promise<World> {
  const server = await startLocalEtcd(binary === undefined ? {} : { binary });
  const etcd = await connect(server.endpoints);
  const stores: Store[] = [];
  let prefixes = 0;
  const prefix = () => `/world-${++prefixes}`;
  return {
    server,
    etcd,
    prefix,
    connect: () => connect(server.endpoints),
    async writtenAfter(version) {
      const { kvs } = await etcd.kv.range({ key: "/", rangeEnd: "0", keysOnly: true });
      return kvs
        .filter(({ modRevision }) => modRevision > BigInt(version))
        .map(({ key }) => Buffer.from(key).toString())
        .filter((key) => !bookkeeping.test(key));
    },
    async store(options = {}) {
      const store = await createStore({
        etcd,
        kinds: [Pod, ConfigMap, Secret, Node],
        prefix: prefix(),
        compaction: false,
        ...options,
      });
      stores.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(stores.map((store) => store.close()));
      await etcd.close();
      await server.stop();
    },
  };
}

/** "ADDED a" of each event, "BOOKMARK" of a bookmark. */
export function shown<T extends Resource>(events: readonly WatchEvent<T>[]): string[] {
  return events.map((event) =>
    event.type === "BOOKMARK"
      ? event.initialEventsEnd === true
        ? "BOOKMARK end"
        : "BOOKMARK"
      : `${event.type} ${event.object.metadata.name}`,
  );
}
