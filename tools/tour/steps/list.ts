/**
 * Lists by namespace, label and field. The expected results come from the manifests.
 *
 * There may be other objects (an earlier tour of other manifests), so a list must contain all expected objects and only
 * matching ones.
 */
import type { ListOptions, Resource } from "keelson";
import { podKind } from "../kinds.ts";
import type { Step } from "../step.ts";
import { mainKind, mostFrequent, type WorldObject } from "../world.ts";

export const list: Step = {
  id: "list",
  title: "List by namespace, by label and by field",
  async run({ store, world, signal, say, fact, expect }) {
    const kind = mainKind(world);
    const objects = world.objects.filter((object) => object.kind === kind);
    const resources = store.resources(kind);

    const show = async (
      what: string,
      options: ListOptions,
      matches: (object: WorldObject) => boolean,
      isRight: (item: Resource) => boolean,
    ): Promise<void> => {
      const { items, resourceVersion } = await resources.list({ ...options, signal });
      const names = new Set(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
      const expected = objects.filter(matches);
      say(`${what}: ${items.length} ${kind.plural} at version ${resourceVersion}`);
      fact(what, items.length);
      const all = expected.every(({ namespace, name }) => names.has(`${namespace}/${name}`));
      expect(all && items.every(isRight), `all ${expected.length} of the manifests are in it, and no other`);
    };

    const namespace = mostFrequent(objects.map((object) => object.namespace)) ?? "default";
    await show(
      `namespace ${namespace}`,
      { namespace },
      (object) => object.namespace === namespace,
      ({ metadata }) => metadata.namespace === namespace,
    );
    const lookalike = world.objects.find(
      (object) => object.namespace !== namespace && object.namespace?.startsWith(namespace),
    );
    if (lookalike !== undefined) say(`nothing of ${lookalike.namespace} came with it`);

    const pair = mostFrequent(
      objects.flatMap(({ labels }) => Object.entries(labels).map(([k, v]) => `${k}=${v}`)),
    );
    if (pair !== undefined) {
      const [key = "", value] = pair.split("=");
      await show(
        `label ${pair}`,
        { labelSelector: pair },
        ({ labels }) => labels[key] === value,
        ({ metadata }) => metadata.labels?.[key] === value,
      );
    }

    if (kind !== podKind) return;
    const pods = (await store.resources(podKind).list({ signal })).items;
    const node = mostFrequent(
      pods.flatMap(({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName])),
    );
    for (const [selector, wanted] of [
      [`spec.nodeName=${node}`, node],
      ["spec.nodeName=", undefined],
    ] as const) {
      const found = await store.resources(podKind).list({ fieldSelector: selector, signal });
      const right = pods.filter(({ spec }) => spec.nodeName === wanted).length;
      say(
        `field ${selector}: ${found.items.length} pods${wanted === undefined ? ", the scheduler's queue" : ""}`,
      );
      fact(`field ${selector}`, found.items.length);
      expect(
        found.items.length === right && found.items.every(({ spec }) => spec.nodeName === wanted),
        `these are the ${right} pods ${wanted === undefined ? "without a node" : `on ${wanted}`}`,
      );
    }
  },
};
