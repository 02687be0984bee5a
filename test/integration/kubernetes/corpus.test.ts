/**
 * Every type of Kubernetes' own corpus: decoded it is the JSON, encoded it is the bytes, and the same through a store, a cache,
 * views, a snapshot and a restore. `npm run test:kubernetes` runs it; without the package it is skipped, with the reason.
 */
import { join } from "node:path";
import {
  createStore,
  createWatchCache,
  defineKind,
  jsonView,
  type Kind,
  metadataView,
  type Store,
} from "keelson";
import { restoreObjects, saveSnapshot } from "keelson/backup";
import { type Etcd, startLocalEtcd } from "keelson/etcd";
import {
  decodeKubernetes,
  encodeKubernetes,
  encodeKubernetesProtobuf,
  isKubernetesProtobuf,
  kubernetesCodec,
  kubernetesTypes,
} from "keelson/kubernetes";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { clientOf, tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { kubernetesCorpus, type Sample } from "../../support/kubernetes-corpus.ts";

const corpus = await kubernetesCorpus();
const samples = "samples" in corpus ? corpus.samples : [];
const reason = "missing" in corpus ? ` (skipped: ${corpus.missing})` : "";
const releases = [...new Set(samples.map(({ release }) => release))];

/**
 * Alpha types that have grown a member which Go always shows. The newest Kubernetes shows it, and drops what the type has lost
 * meanwhile; here the one is shown, and the other not lost.
 */
const grown = new Set([
  "v1.33.0 resource.k8s.io.v1alpha3.DeviceTaintRule",
  "v1.34.0 resource.k8s.io.v1alpha3.DeviceTaintRule",
  "v1.35.0 certificates.k8s.io.v1beta1.PodCertificateRequest",
]);
/** The only sample without a kind: WatchEvent is sent without an envelope, and its tests put an empty one around it. */
const withoutKind = "core.v1.WatchEvent";

const parsed = (json: string): AnyResource => JSON.parse(json) as AnyResource;

/** `object` with the members of `newest` that it has not. */
function joined(object: unknown, newest: unknown): unknown {
  if (!isRecord(object) || !isRecord(newest)) return object;
  const all = { ...newest, ...object };
  return Object.fromEntries(
    Object.keys(all).map((name) => [
      name,
      name in object ? joined(object[name], newest[name]) : newest[name],
    ]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ofRelease = (release: string): readonly Sample[] =>
  samples.filter((sample) => sample.release === release && sample.type !== withoutKind);

describe.skipIf(reason !== "")(`Kubernetes' corpus${reason}`, () => {
  test("has 185 types of the newest release, and three older releases", () => {
    expect(samples.filter(({ release }) => release === "HEAD").length).toBeGreaterThanOrEqual(185);
    expect(releases.length).toBeGreaterThanOrEqual(4);
  });

  test.each(releases)(
    "%s: bytes decode to the JSON, its members in Go's order, and to the YAML",
    (release) => {
      for (const { type, protobuf, json, yaml, newest } of ofRelease(release)) {
        const told: unknown[] = [];
        const decoded = decodeKubernetes(protobuf, { onUnknownFields: (fields) => told.push(...fields) });
        if (grown.has(`${release} ${type}`)) {
          expect(decoded, type).toEqual(joined(parsed(json), parsed(newest.json ?? "")));
        } else {
          expect(JSON.stringify(decoded), type).toBe(JSON.stringify(JSON.parse(json)));
          expect(decoded, type).toEqual(parse(yaml));
        }
        expect(told, type).toEqual([]);
      }
    },
  );

  test.each(releases)("%s: what was decoded encodes to the same bytes", (release) => {
    for (const { type, protobuf } of ofRelease(release)) {
      const encoded = encodeKubernetesProtobuf(decodeKubernetes(protobuf));
      expect(Buffer.compare(encoded, protobuf), type).toBe(0);
    }
  });

  test.each(releases)("%s: the JSON alone encodes to the bytes that Kubernetes writes of it", (release) => {
    for (const { type, protobuf, json, newest } of ofRelease(release)) {
      const encoded = encodeKubernetesProtobuf(parsed(json));
      if (grown.has(`${release} ${type}`)) {
        expect(decodeKubernetes(encoded), type).toEqual(decodeKubernetes(protobuf));
        continue;
      }
      const wanted = [protobuf, newest.protobuf].filter((bytes) => bytes !== undefined);
      expect(
        wanted.some((bytes) => Buffer.compare(encoded, bytes) === 0),
        type,
      ).toBe(true);
    }
  });
});

/** What can lie in etcd: has metadata of its own, is no list. */
const storable = samples.filter(
  ({ release, type, json }) =>
    release === "HEAD" && type !== withoutKind && parsed(json).metadata?.name !== undefined,
);

/** A sample under a name that etcd keys of keelson have, not on its way out, without a version. */
function stored({ json }: Sample): AnyResource {
  const object = parsed(json);
  const {
    resourceVersion: _,
    deletionTimestamp: __,
    deletionGracePeriodSeconds: ___,
    ...metadata
  } = object.metadata;
  return { ...object, metadata: { ...metadata, name: "a", namespace: "corpus" } } as AnyResource;
}

function kindOf({ json }: Sample): Kind<AnyResource> {
  const { apiVersion, kind } = parsed(json);
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const hasStatus = "status" in parsed(json);
  return defineKind<AnyResource>({
    group,
    version,
    kind,
    plural: `${kind.toLowerCase()}s-${version}`,
    scope: "Namespaced",
    status: hasStatus,
  });
}

describe.skipIf(reason !== "")(`Kubernetes' corpus in a store${reason}`, () => {
  const open: AsyncDisposable[] = [];
  const kinds = new Map<Sample, Kind<AnyResource>>();
  beforeAll(() => {
    for (const sample of storable) kinds.set(sample, kindOf(sample));
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });

  async function openStore(etcd: Etcd): Promise<Store> {
    const store = await createStore({
      etcd,
      kinds: [...kinds.values()],
      codec: kubernetesCodec(),
      namespaces: "open",
      compaction: false,
    });
    open.push(store);
    return store;
  }

  const keyOf = (kind: Kind): string =>
    `/registry/${kind.group === "" ? "" : `${kind.group}/`}${kind.plural}/corpus/a`;

  /** Puts every sample where its kind looks for it, as a kube-apiserver would have. */
  async function putAll(etcd: Etcd): Promise<void> {
    for (const [sample, kind] of kinds) {
      await etcd.kv.put({ key: keyOf(kind), value: encodeKubernetes(stored(sample)) });
    }
  }

  async function valueAt(etcd: Etcd, key: string): Promise<Uint8Array> {
    const { kvs } = await etcd.kv.range({ key });
    return kvs[0]?.value ?? new Uint8Array(0);
  }

  const withoutVersion = (object: AnyResource): AnyResource => {
    const { resourceVersion: _, ...metadata } = object.metadata;
    return { ...object, metadata } as AnyResource;
  };

  /** Without what the store gives to an object that is created anew. */
  const withoutIdentity = (object: AnyResource): unknown => {
    const {
      uid: _,
      creationTimestamp: __,
      generation: ___,
      generateName: ____,
      ...metadata
    } = object.metadata;
    // What a namespace's status says is the store's own word, too.
    const status = object.kind === "Namespace" ? undefined : object["status"];
    return { ...object, status, metadata: { ...metadata, selfLink: undefined } };
  };

  test("every stored type is read by get, list, selector, watch, cache and views", async () => {
    const etcd = memoryEtcd();
    await putAll(etcd);
    const store = await openStore(etcd);
    expect(storable.length).toBeGreaterThan(120);
    for (const [sample, kind] of kinds) {
      const { type } = sample;
      const reader = store.resources(kind);
      const read = await reader.get({ namespace: "corpus", name: "a" });
      expect(withoutVersion(read), type).toEqual(stored(sample));
      expect((await reader.list({ labelSelector: "labelsKey=labelsValue" })).items, type).toEqual([read]);
      const json = await reader.as(jsonView).get({ namespace: "corpus", name: "a" });
      expect(JSON.parse(Buffer.from(json).toString()), type).toEqual(read);
      const metadata = await reader.as(metadataView).get({ namespace: "corpus", name: "a" });
      expect(metadata.metadata, type).toEqual(read.metadata);
      await using cache = createWatchCache(reader);
      await cache.ready();
      expect(await cache.get({ namespace: "corpus", name: "a" }), type).toEqual(read);
      for await (const event of cache.watch({ sendInitialEvents: true })) {
        if (event.type === "ADDED") expect(event.object, type).toEqual(read);
        else break;
      }
    }
  });

  test("every stored type is updated to the bytes that Kubernetes writes", async () => {
    const etcd = memoryEtcd();
    await putAll(etcd);
    const store = await openStore(etcd);
    for (const [sample, kind] of kinds) {
      const updated = await store
        .resources(kind)
        .guaranteedUpdate(
          { namespace: "corpus", name: "a" },
          (current) => ({ ...current, metadata: { ...current.metadata, labels: { changed: "yes" } } }),
          { subresource: "all" },
        );
      const value = await valueAt(etcd, keyOf(kind));
      const wanted = encodeKubernetes(withoutVersion(updated));
      expect(Buffer.compare(value, wanted), sample.type).toBe(0);
      expect(isKubernetesProtobuf(value) || value[0] === 0x7b, sample.type).toBe(true);
    }
  });

  test("every stored type is saved with a snapshot of a real etcd and restored object by object", async () => {
    await using folder = await tempFolder();
    await using local = await startLocalEtcd();
    await using etcd = await clientOf(local);
    await putAll(etcd);
    const store = await openStore(etcd);
    const path = join(folder.path, "corpus.db");
    await saveSnapshot(etcd, path);
    for (const kind of kinds.values()) await etcd.kv.deleteRange({ key: keyOf(kind) });
    const report = await restoreObjects(path, store, { kinds: [...kinds.values()], conflict: "fail" });
    expect(report).toMatchObject({ created: kinds.size, failed: [] });
    for (const [sample, kind] of kinds) {
      const value = await valueAt(etcd, keyOf(kind));
      expect(isKubernetesProtobuf(value) || value[0] === 0x7b, sample.type).toBe(true);
      expect(withoutIdentity(decodeKubernetes(value)), sample.type).toEqual(withoutIdentity(stored(sample)));
    }
    await store.close();
  });
});

test("the types that the newest corpus has are in the table", () => {
  const types = kubernetesTypes();
  for (const { release, json, type } of samples) {
    if (type === withoutKind) continue;
    const { apiVersion, kind } = parsed(json);
    expect(types.ofKind(apiVersion, kind), `${release} ${type}`).toBeDefined();
  }
});
