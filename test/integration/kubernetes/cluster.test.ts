/**
 * A store over the etcd of a real cluster: the snapshot of a kube-apiserver 1.20.2 restored into a real etcd, every kind listed,
 * selected, cached, changed, and brought back object by object.
 */
import { join } from "node:path";
import { createStore, type Kind, type Store, withCaches } from "keelson";
import { restoreObjects, restoreSnapshot } from "keelson/backup";
import { type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { decodeKubernetes, isKubernetesProtobuf, kubernetesCodec, kubernetesKinds } from "keelson/kubernetes";
import { memoryEtcd } from "keelson/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { clientOf, tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { clusterSkipReason, clusterSnapshot } from "../../support/kubernetes-cluster.ts";
import { skipNote } from "../../support/skip-note.ts";

const skipped = await clusterSkipReason();

describe.skipIf(skipped !== "")(
  `a store over the etcd of Kubernetes 1.20${skipNote(skipped !== "", skipped)}`,
  () => {
    let folder: Awaited<ReturnType<typeof tempFolder>>;
    let snapshot: string;
    let local: LocalEtcd;
    let etcd: Etcd;
    let store: Store;
    const kinds = kubernetesKinds({ version: "1.20" });

    beforeAll(async () => {
      folder = await tempFolder();
      snapshot = await clusterSnapshot(folder.path);
      const dataDir = join(folder.path, "data");
      await restoreSnapshot(snapshot, { dataDir });
      local = await startLocalEtcd({ dataDir });
      etcd = await clientOf(local);
      store = await open(etcd);
    });
    afterAll(async () => {
      await store.close();
      await etcd.close();
      await local.stop();
      await folder[Symbol.asyncDispose]();
    });

    const open = (over: Etcd): Promise<Store> =>
      createStore({ etcd: over, kinds, codec: kubernetesCodec(), namespaces: "open", compaction: false });

    const kindOf = (plural: string): Kind<AnyResource> => {
      const kind = kinds.find((one) => one.plural === plural && one.group !== "events.k8s.io");
      if (kind === undefined) throw new Error(`no kind ${plural}`);
      return kind as Kind<AnyResource>;
    };
    const list = async (over: Store, plural: string, options: object = {}): Promise<readonly AnyResource[]> =>
      (await over.resources(kindOf(plural)).list(options)).items;

    test("every kind is listed whole, with no value that cannot be read", async () => {
      const counts = new Map<string, number>();
      for (const kind of store.kinds) {
        const { items } = await store.resources(kind).list();
        if (items.length > 0) counts.set(kind.plural, items.length);
      }
      expect(Object.fromEntries(counts)).toMatchObject({
        deployments: expect.any(Number),
        leases: expect.any(Number),
        nodes: expect.any(Number),
        pods: expect.any(Number),
        secrets: expect.any(Number),
        services: expect.any(Number),
      });
    });

    test("fields select without a body, and a cache gives what the store gives", async () => {
      const pods = await list(store, "pods");
      const node = pods
        .map(({ spec }) => (spec as { nodeName?: string }).nodeName)
        .find((name) => name !== undefined);
      expect(node).toBeDefined();
      const onNode = await list(store, "pods", { fieldSelector: `spec.nodeName=${node}` });
      expect(onNode.length).toBeGreaterThan(0);
      await using cached = withCaches(await open(etcd));
      await cached.ready();
      for (const kind of store.kinds) {
        const fromStore = await store.resources(kind).list();
        const fromCache = await cached.resources(kind).list();
        expect(fromCache.items, kind.plural).toEqual(fromStore.items);
      }
    });

    test("an update writes Kubernetes' protobuf and keeps what it does not change", async () => {
      const [before] = await list(store, "deployments");
      if (before === undefined) throw new Error("no deployment");
      const { namespace = "", name } = before.metadata;
      const after = await store
        .resources(kindOf("deployments"))
        .guaranteedUpdate({ namespace, name }, (current) => ({
          ...current,
          metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, touched: "yes" } },
        }));
      const { kvs } = await etcd.kv.range({ key: `/registry/deployments/${namespace}/${name}` });
      const value = kvs[0]?.value ?? new Uint8Array(0);
      expect(isKubernetesProtobuf(value)).toBe(true);
      const { resourceVersion: _, ...metadata } = after.metadata;
      expect(decodeKubernetes(value)).toEqual({ ...after, metadata });
      expect(after["spec"]).toEqual(before["spec"]);
      expect(after["status"]).toEqual(before["status"]);
    });

    test("restoreObjects brings namespaces back from the snapshot into an empty etcd", async () => {
      await using target = await open(memoryEtcd());
      const wanted = kinds.filter(({ plural }) =>
        ["configmaps", "deployments", "secrets", "services"].includes(plural),
      );
      const report = await restoreObjects(snapshot, target, { kinds: wanted, conflict: "overwrite" });
      expect(report.failed).toEqual([]);
      for (const kind of wanted) {
        const back = await list(target, kind.plural);
        const original = await list(store, kind.plural);
        expect(
          back.map(({ metadata }) => metadata.name),
          kind.plural,
        ).toEqual(original.map(({ metadata }) => metadata.name));
      }
    });
  },
);
