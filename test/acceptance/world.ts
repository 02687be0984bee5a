/**
 * What the acceptance scenarios share: a real etcd, stores below prefixes of their own, and kinds a stranger would
 * define. Only the package's entry points are used, as a stranger would.
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
import type { Etcd, LocalEtcd } from "keelson/etcd";
import { afterAll } from "vitest";
import { connect } from "../support/etcd/etcd-cases.ts";
import { type EtcdLab, etcdForAll, startEtcd } from "../support/etcd/real-etcd.ts";

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

/** Put at its own time by any open store: below the bookkeeping root of its prefix. */
const bookkeeping = /^\/keelson\/[^/]+\/(?:sessions|dictionaries|locks)\//;

/** An etcd, and stores below prefixes of their own, closed with it. */
export class World {
  readonly #lab: EtcdLab;
  readonly #stores: Store[] = [];
  #prefixes = 0;

  constructor(lab: EtcdLab) {
    this.#lab = lab;
  }

  get server(): LocalEtcd {
    return this.#lab.local;
  }

  get etcd(): Etcd {
    return this.#lab.etcd;
  }

  prefix(): string {
    return `/world-${++this.#prefixes}`;
  }

  /** A store below a prefix of its own; `options.prefix` to open one again. */
  async store(options: Partial<StoreOptions> = {}): Promise<Store> {
    const store = await createStore({
      etcd: this.etcd,
      kinds: [Pod, ConfigMap, Secret, Node],
      prefix: this.prefix(),
      compaction: false,
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  async closeStores(): Promise<void> {
    await Promise.allSettled(this.#stores.map((store) => store.close()));
  }

  /** A connection of its own, for whoever asks to close. */
  connect(): Promise<Etcd> {
    return connect(this.server.endpoints);
  }

  /** Keys of the world that were put after `version`, but for what a store keeps for itself: sessions, dictionaries, locks. */
  async writtenAfter(version: string): Promise<string[]> {
    const { kvs } = await this.etcd.kv.range({ key: "/", rangeEnd: "0", keysOnly: true });
    return kvs
      .filter(({ modRevision }) => modRevision > BigInt(version))
      .map(({ key }) => Buffer.from(key).toString())
      .filter((key) => !bookkeeping.test(key));
  }
}

/** A world for all tests of a file. */
export function worldForAll(): World {
  const world = new World(etcdForAll());
  afterAll(() => world.closeStores());
  return world;
}

/** A world until disposed. */
export async function startWorld(): Promise<World & AsyncDisposable> {
  const lab = await startEtcd();
  const world = new World(lab);
  return Object.assign(world, {
    async [Symbol.asyncDispose]() {
      await world.closeStores();
      await lab[Symbol.asyncDispose]();
    },
  });
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
