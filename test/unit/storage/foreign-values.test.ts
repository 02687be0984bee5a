import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { jsonCodec, msgpackCodec } from "../../../src/codec/form/codec.ts";
import { createStore } from "../../../src/create-store.ts";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import { kubernetesCodec } from "../../../src/kubernetes/index.ts";
import type { Store } from "../../../src/resource/contract/store.ts";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { memoryEtcd } from "../../../src/testing/memory-etcd.ts";
import { namespacedKind } from "../../support/kinds.ts";

const configMaps = namespacedKind<AnyResource>("ConfigMap");
const key = "/registry/configmaps/default/settings";
const place = { namespace: "default", name: "settings" };
const json = {
  kind: "ConfigMap",
  apiVersion: "v1",
  metadata: { name: "settings", namespace: "default", uid: "u" },
  data: { a: "1" },
};

let etcd: Etcd;
const warn = vi.spyOn(process, "emitWarning");
beforeEach(async () => {
  etcd = memoryEtcd();
  warn.mockReset();
  warn.mockImplementation(() => {});
  await etcd.kv.put({ key, value: JSON.stringify(json) });
});
afterEach(() => etcd.close());

const open = (codec = msgpackCodec()): Promise<Store> =>
  createStore({ etcd, kinds: [configMaps], codec, compaction: false });
const stored = async (at = key): Promise<string> =>
  Buffer.from((await etcd.kv.range({ key: at })).kvs[0]?.value ?? "").toString("latin1");

describe("another program's JSON in a store with its own form", () => {
  test("stays JSON under updates, is not written again for nothing, and rewrite converts it", async () => {
    await using store = await open();
    const maps = store.resources(configMaps);
    const before = await maps.get(place);
    const same = await maps.guaranteedUpdate(place, (current) => current as never);
    expect(same.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    await maps.guaranteedUpdate(place, (current) => ({ ...current, data: { a: "2" } }) as never);
    expect(JSON.parse(await stored())).toMatchObject({
      kind: "ConfigMap",
      metadata: { uid: "u" },
      data: { a: "2" },
    });
    await maps.update({ ...(await maps.get(place)), data: { a: "3" } } as never);
    expect(JSON.parse(await stored())).toMatchObject({ data: { a: "3" } });
    await maps.create({ metadata: { name: "new", namespace: "default" } } as never);
    expect((await stored("/registry/configmaps/default/new")).startsWith("{")).toBe(false);
    expect(await store.rewrite(configMaps)).toMatchObject({ rewritten: 1, left: 0 });
    expect((await stored()).startsWith("{")).toBe(false);
    expect(await maps.get(place)).toMatchObject({ data: { a: "3" } });
  });

  test("is told by health() once it was read", async () => {
    await using store = await open();
    expect((await store.health()).problems).toEqual([]);
    await store.resources(configMaps).list();
    expect((await store.health()).problems).toEqual([
      expect.stringContaining("configmaps: 1 reads met values of another program"),
    ]);
  });

  test.each([
    [
      "plain JSON",
      Buffer.from(JSON.stringify({ kind: "Namespace", apiVersion: "v1", metadata: { name: "default" } })),
    ],
    ["Kubernetes' protobuf", Buffer.from("k8s\0\n\x0f\n\x02v1\x12\tNamespace", "latin1")],
    ["encrypted by Kubernetes", Buffer.from("k8s:enc:aescbc:v1:key1:abc")],
  ])("is warned of at the opening: %s", async (form, value) => {
    await etcd.kv.put({ key: "/registry/namespaces/default", value });
    await using _store = await open();
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining(`another program's (${form})`),
      "KeelsonWarning",
    );
  });

  test("a store that shares the form is not warned of it, nor one that is alone", async () => {
    await etcd.kv.put({
      key: "/registry/namespaces/default",
      value: JSON.stringify({ kind: "Namespace", apiVersion: "v1", metadata: { name: "default" } }),
    });
    for (const codec of [jsonCodec({ raw: true }), kubernetesCodec()]) {
      await using store = await open(codec);
      await store.resources(configMaps).list();
      expect((await store.health()).problems).toEqual([]);
    }
    const alone = memoryEtcd();
    {
      await using _store = await createStore({ etcd: alone, kinds: [configMaps], compaction: false });
    }
    {
      await using _again = await createStore({ etcd: alone, kinds: [configMaps], compaction: false });
    }
    await alone.close();
    expect(warn).not.toHaveBeenCalled();
  });
});
