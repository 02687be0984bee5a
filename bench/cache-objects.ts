/** The objects of the cache benches: objects of 1 KiB as JSON, 20 namespaces, 100 label values, one indexed field. */
import { createWatchCache, defineKind, type Kind, type Resource, type Store, type WatchCache } from "keelson";

export interface Item extends Resource {
  spec: { nodeName: string; size: number; data: string };
}

export const itemKind: Kind<Item> = defineKind<Item>({
  version: "v1",
  kind: "Item",
  plural: "items",
  scope: "Namespaced",
  fields: { "spec.nodeName": ({ spec }) => spec.nodeName },
  indexes: ["label:app", "field:spec.nodeName"],
});

/** Length of `data` that makes the whole object 1,024 bytes of JSON. */
const dataCharacters = 590;

export function item(i: number): {
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: Item["spec"];
} {
  const digits = String(i).padStart(7, "0");
  return {
    metadata: {
      name: `item-${digits}`,
      namespace: `team-${String(i % 20).padStart(2, "0")}`,
      labels: { app: `app-${i % 100}`, tier: i % 2 === 0 ? "front" : "back", release: `r-${i % 7}` },
    },
    spec: {
      nodeName: `node-${i % 1000}`,
      size: i,
      data: `${digits}${"abcdefghij".repeat(dataCharacters)}`.slice(0, dataCharacters),
    },
  };
}

/** Creates items [from, to). */
export async function load(store: Store, from: number, to: number): Promise<void> {
  const step = 5_000;
  for (let at = from; at < to; at += step) {
    const drafts = Array.from({ length: Math.min(step, to - at) }, (_, i) => item(at + i));
    const outcomes = await store.resources(itemKind).createMany(drafts);
    const failed = outcomes.find((outcome) => outcome instanceof Error);
    if (failed instanceof Error) throw failed;
  }
}

export async function filled(
  store: Store,
  options: Parameters<typeof createWatchCache>[1] = {},
): Promise<WatchCache<Item>> {
  const cache = createWatchCache(store.resources(itemKind), options);
  await cache.ready();
  return cache;
}
