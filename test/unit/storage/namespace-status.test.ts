/** What a namespace says while it waits to be empty, in every form it may be stored in: once, not on each pass of the emptier. */
import { createStore, isStoreError } from "keelson";
import { type Codec, jsonCodec, msgpackCodec } from "keelson/codec";
import { kubernetesCodec, kubernetesKind } from "keelson/kubernetes";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { until } from "../../support/time/patience.ts";

const ConfigMap = kubernetesKind("v1", "ConfigMap");

describe.each<readonly [string, Codec]>([
  ["msgpack", msgpackCodec()],
  ["raw JSON", jsonCodec({ raw: true })],
  ["Kubernetes' protobuf", kubernetesCodec()],
])("a terminating namespace stored as %s", (_, codec) => {
  test("is written once for what is left, however often the emptier passes", async () => {
    await using etcd = memoryEtcd();
    await using store = await createStore({ etcd, kinds: [ConfigMap], codec, compaction: false });
    const { namespaces } = store;
    const maps = store.resources(ConfigMap);
    await namespaces.create({ metadata: { name: "held" } });
    await maps.create({ metadata: { namespace: "held", name: "a", finalizers: ["example.com/wait"] } });
    await namespaces.delete({ name: "held" });
    const says = async (): Promise<boolean> => {
      const { status } = await namespaces.get({ name: "held" });
      return status?.conditions?.some(({ message }) => message?.includes("configmaps has 1")) === true;
    };
    await until(says, "what is left is told");
    const told = await namespaces.get({ name: "held" });
    // Each deletion of another one is a pass over all that are terminating.
    for (let pass = 0; pass < 4; pass++) {
      const name = `pass-${pass}`;
      await namespaces.create({ metadata: { name } });
      await namespaces.delete({ name });
      const isGone = (): Promise<boolean> =>
        namespaces.get({ name }).then(
          () => false,
          (error: unknown) => isStoreError(error, "NOT_FOUND"),
        );
      await until(isGone, `${name} is emptied`);
    }
    expect((await namespaces.get({ name: "held" })).metadata.resourceVersion).toBe(
      told.metadata.resourceVersion,
    );
    await maps.guaranteedUpdate({ namespace: "held", name: "a" }, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
  });
});
