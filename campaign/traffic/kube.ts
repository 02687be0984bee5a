/**
 * The traffic of an API server: mostly updates of objects just seen, some by compare and swap and some by
 * guaranteedUpdate, a few creates and deletes, and reads of every freshness. All clients share the hot objects.
 */
import { type Client, changed } from "./client.ts";
import {
  type At,
  apps,
  coldName,
  coldPerNamespace,
  draftOf,
  hotNames,
  keyOf,
  namespaces,
  nodes,
  specOf,
  type Valued,
  Widget,
} from "./kinds.ts";

/** Share of the calls on single objects that use hot ones, percent. */
const hotPercent = 35;

export function kubeStep(client: Client): () => Promise<boolean> {
  const { random, store } = client;
  const widgets = client.kind({
    via: "store",
    plural: "widgets",
    reader: store.resources(Widget),
    store: store.resources(Widget),
  });
  const seen = new Map<string, Valued>();
  let version = "";

  const somewhere = (): At => ({
    namespace: client.pick(namespaces),
    name: client.chance(hotPercent) ? client.pick(hotNames) : coldName(random.below(coldPerNamespace)),
  });
  const see = (object: Valued): void => {
    const { namespace = "", name, resourceVersion } = object.metadata;
    seen.set(keyOf("widgets", { namespace, name }), object);
    version = resourceVersion;
    if (seen.size > 50) seen.delete(seen.keys().next().value ?? "");
  };
  const change = (current: Valued): Valued =>
    changed(current, specOf(client.nextValue(), random), client.chance(10) ? client.pick(apps) : undefined);

  const steps: readonly (readonly [percent: number, step: () => Promise<boolean>])[] = [
    [
      22,
      async () => {
        const known = [...seen.values()];
        if (known.length === 0) return true;
        const object = client.pick(known);
        const result = await widgets.update(change(object), client.deadline());
        const { namespace = "", name } = object.metadata;
        seen.delete(keyOf("widgets", { namespace, name }));
        if (result.ok) see(result.value);
        return result.ok;
      },
    ],
    [
      18,
      async () => {
        const result = await widgets.guaranteedUpdate(somewhere(), change, client.deadline());
        if (result.ok) see(result.value);
        return result.ok;
      },
    ],
    [4, async () => (await widgets.delete(somewhere(), client.deadline())).ok],
    [
      8,
      async () => {
        const result = await widgets.create(
          draftOf(somewhere(), client.nextValue(), random),
          client.deadline(),
        );
        if (result.ok) see(result.value);
        return result.ok;
      },
    ],
    [
      28,
      async () => {
        const result = await widgets.get(somewhere(), { timeoutMs: client.deadline() });
        if (result.ok) see(result.value);
        return result.ok;
      },
    ],
    [
      10,
      async () =>
        (await widgets.get(somewhere(), { timeoutMs: client.deadline(), read: { consistency: "any" } })).ok,
    ],
    [
      5,
      async () => {
        if (version === "") return true;
        const read = { consistency: "notOlderThan", resourceVersion: version } as const;
        return (await widgets.get(somewhere(), { timeoutMs: client.deadline(), read })).ok;
      },
    ],
    [
      2,
      async () => {
        const app = client.pick(apps);
        const namespace = client.pick(namespaces);
        const result = await widgets.list(
          { namespace, labelSelector: { matchLabels: { app } }, timeoutMs: client.deadline() },
          { labels: { app } },
        );
        return result.ok;
      },
    ],
    [
      1,
      async () => {
        const node = client.pick(nodes);
        const result = await widgets.list(
          { fieldSelector: { "spec.node": node }, timeoutMs: client.deadline() },
          { fields: { "spec.node": node } },
        );
        return result.ok;
      },
    ],
    [
      2,
      async () => {
        if (version === "") return true;
        const read = { consistency: "exact", resourceVersion: version } as const;
        const namespace = client.pick(namespaces);
        return (await widgets.list({ namespace, timeoutMs: client.deadline(), read })).ok;
      },
    ],
  ];
  const total = steps.reduce((sum, [percent]) => sum + percent, 0);
  return async () => {
    let turn = random.below(total);
    for (const [percent, step] of steps) if ((turn -= percent) < 0) return step();
    return true;
  };
}
