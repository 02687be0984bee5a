/**
 * Creates the objects of the manifests; objects of an earlier tour are updated to their manifest.
 */
import { isStoreError, type Resource, type ResourceStore, type Store } from "keelson";
import type { Step, StepContext } from "../step.ts";
import { label, scratchNamespace, type WorldObject } from "../world.ts";

export const create: Step = {
  id: "create",
  title: "Create the objects of the manifests",
  async run(context) {
    const { store, world, signal, say, fact, expect } = context;
    const known = new Set(
      (await store.namespaces.list({ signal })).items.map(({ metadata }) => metadata.name),
    );
    for (const name of [scratchNamespace, ...world.undeclaredNamespaces]) {
      if (known.has(name)) continue;
      await store.namespaces.create({ metadata: { name } }, { signal });
      if (name !== scratchNamespace) say(`namespace ${name} is in no manifest: created`);
    }

    const before = BigInt(await store.currentResourceVersion({ signal }));
    const stored: Resource[] = [];
    let created = 0;
    for (const object of world.objects) {
      const outcome = await apply(storeOf(store, object), object, context);
      stored.push(outcome.object);
      if (outcome.created) created++;
    }
    const kept = stored.length - created;
    const versions = stored.map(({ metadata }) => BigInt(metadata.resourceVersion));
    const current = await store.currentResourceVersion({ signal });
    say(`${created} created, ${kept} there already; the store is at version ${current}`);
    fact("created", created);
    fact("alreadyThere", kept);
    fact("resourceVersion", current);

    expect(
      new Set(stored.map(({ metadata }) => metadata.uid)).size === stored.length,
      "every object has a uid of its own",
    );
    expect(
      created === 0 || versions.filter((version) => version > before).length >= created,
      "every new object has a version above the one before",
    );
    const [first] = world.objects;
    if (first === undefined) return;
    const refused = await storeOf(store, first)
      .create(first.manifest, { signal })
      .then(() => undefined)
      .catch((error: unknown) => error);
    expect(
      isStoreError(refused, "ALREADY_EXISTS"),
      `creating ${label(first)} a second time is refused: ALREADY_EXISTS`,
    );
  },
};

function storeOf(store: Store, { kind }: WorldObject): ResourceStore<Resource> {
  // A namespace is a resource like any other here.
  return kind === undefined ? (store.namespaces as ResourceStore<Resource>) : store.resources(kind);
}

async function apply(
  resources: ResourceStore<Resource>,
  object: WorldObject,
  { signal }: StepContext,
): Promise<{ object: Resource; created: boolean }> {
  const { manifest, name, namespace } = object;
  const key = namespace === undefined ? { name } : { namespace, name };
  const draft = { ...manifest, metadata: { ...manifest.metadata, ...key } };
  try {
    return { object: await resources.create(draft, { signal }), created: true };
  } catch (error) {
    if (!isStoreError(error, "ALREADY_EXISTS")) throw error;
  }
  // Fields of the store (uid, version, …) stay; the manifest sets the rest.
  const update = (current: Resource) => ({
    ...manifest,
    metadata: { ...current.metadata, ...draft.metadata },
  });
  const isNamespace = object.kind === undefined;
  const updated = isNamespace
    ? await resources.get(key, { signal })
    : await resources.guaranteedUpdate(key, update, {
        signal,
        ...(object.kind?.status ? { subresource: "all" } : {}),
      });
  return { object: updated, created: false };
}
