/**
 * A write that etcd applies and answers "no space" (docs/bugs.md 8), for certain: the transaction is sent on, and its
 * answer replaced. test/integration/quota/space-edge.test.ts meets it where etcd makes it.
 */
import { createStore, isStoreError, type Resource, type Store, StoreError } from "keelson";
import type { Etcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Kv } from "../../../src/etcd/ports/kv.ts";
import type { TxnRequest } from "../../../src/etcd/ports/messages.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Blob extends Resource {
  data: string;
}
const Blob = namespacedKind<Blob>("Blob");
const key = { namespace: "default", name: "a" };

/** What becomes of a transaction with a put: "goes over" is applied, "full" is not; both are answered NO_SPACE. */
type Space = "enough" | "goes over" | "full";

function withSpace(etcd: Etcd, spaceOf: (request: TxnRequest) => Space): Etcd {
  const kv: Kv = {
    range: (...args) => etcd.kv.range(...args),
    put: (...args) => etcd.kv.put(...args),
    deleteRange: (...args) => etcd.kv.deleteRange(...args),
    compact: (...args) => etcd.kv.compact(...args),
    get highestRevision() {
      return etcd.kv.highestRevision;
    },
    async txn(request, call) {
      const space = spaceOf(request);
      if (space !== "full") {
        const answer = await etcd.kv.txn(request, call);
        if (space === "enough") return answer;
      }
      throw new StoreError("NO_SPACE", "Cannot write: database space exceeded", {});
    },
  };
  return {
    ...etcd,
    kv,
    watches: etcd.watches,
    leases: etcd.leases,
    maintenance: etcd.maintenance,
    cluster: etcd.cluster,
    auth: etcd.auth,
    endpoints: etcd.endpoints,
    clock: etcd.clock,
    random: etcd.random,
    requestTimeoutMs: etcd.requestTimeoutMs,
    serverVersion: (call) => etcd.serverVersion(call),
    stats: () => etcd.stats(),
    close: () => etcd.close(),
    [Symbol.asyncDispose]: () => etcd.close(),
  };
}

/** Whether it changes an object, whatever rides along. */
function touchesObject({ success }: TxnRequest): boolean {
  return JSON.stringify(success, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  ).includes('"/registry/blobs/');
}

function putsSomething({ success }: TxnRequest): boolean {
  return success.some((op) => op.type === "put" || (op.type === "txn" && putsSomething(op.txn)));
}

describe("a write answered NO_SPACE", () => {
  let space: Space;
  let etcd: Etcd;
  let store: Store;
  beforeEach(async () => {
    space = "enough";
    etcd = memoryEtcd();
    const edged = withSpace(etcd, (request) =>
      space !== "enough" && touchesObject(request) && putsSomething(request) ? space : "enough",
    );
    store = await createStore({ etcd: edged, kinds: [Blob], compaction: false });
    await store.quotas.set("default", { hard: { "count/blobs": 100 } });
    await store.resources(Blob).create({ metadata: key, data: "first" });
  });
  afterEach(async () => {
    space = "enough";
    await store.close();
    await etcd.close();
  });

  const held = async (): Promise<Record<string, string>> => {
    const { items } = await store.resources(Blob).list({ namespace: "default" });
    return Object.fromEntries(items.map(({ metadata, data }) => [metadata.name, data]));
  };
  const used = async () => (await store.quotas.get("default")).used["count/blobs"];

  test("is done when etcd has applied it, whichever verb, with its charge", async () => {
    const blobs = store.resources(Blob);
    space = "goes over";
    const made = await blobs.create({ metadata: { ...key, name: "b" }, data: "made" });
    expect(made.metadata.resourceVersion).toBe(await store.currentResourceVersion());
    const updated = await blobs.update({ ...made, data: "updated" });
    expect(updated.metadata.resourceVersion).toBe(await store.currentResourceVersion());
    await blobs.guaranteedUpdate(key, (blob) => ({ ...blob, data: "mutated" }));
    expect(await held()).toEqual({ a: "mutated", b: "updated" });
    expect(await used()).toBe(2);
    const gone = await blobs.delete({ ...key, name: "b" });
    expect(gone.data).toBe("updated");
    expect(gone.metadata.resourceVersion).toBe(await store.currentResourceVersion());
    expect(await held()).toEqual({ a: "mutated" });
    // Not a pure delete: its charge went with it.
    expect(await used()).toBe(1);
    const drafts = ["c", "d", "e"].map((name) => ({ metadata: { ...key, name }, data: name }));
    const outcomes = await blobs.createMany(drafts);
    expect(outcomes.map((outcome) => (outcome instanceof Error ? outcome : outcome.data))).toEqual([
      "c",
      "d",
      "e",
    ]);
    expect(await held()).toEqual({ a: "mutated", c: "c", d: "d", e: "e" });
    expect(await used()).toBe(4);
    expect((await store.quotas.reconcile()).differences).toEqual([]);
    expect(store.stats().etcd["writes"]).toMatchObject({ noSpaceApplied: 7, unknown: 0, unsettled: 0 });
  });

  test("of many is done for those applied, refused for one that was not", async () => {
    space = "goes over";
    const drafts = ["b", "a", "c"].map((name) => ({ metadata: { ...key, name }, data: "new" }));
    const outcomes = await store.resources(Blob).createMany(drafts);
    expect(outcomes.map((outcome) => (isStoreError(outcome) ? outcome.code : "made"))).toEqual([
      "made",
      "NO_SPACE",
      "made",
    ]);
    expect(await held()).toEqual({ a: "first", b: "new", c: "new" });
  });

  test("is refused when etcd has not applied it; a delete then goes without its charge", async () => {
    const blobs = store.resources(Blob);
    const before = await blobs.get(key);
    space = "full";
    for (const write of [
      blobs.create({ metadata: { ...key, name: "b" }, data: "" }),
      blobs.update({ ...before, data: "updated" }),
      blobs.guaranteedUpdate(key, (blob) => ({ ...blob, data: "mutated" })),
    ]) {
      await expect(write).rejects.toMatchObject({ code: "NO_SPACE" });
    }
    const outcomes = await blobs.createMany(
      ["b", "c"].map((name) => ({ metadata: { ...key, name }, data: "" })),
    );
    expect(outcomes.map((outcome) => isStoreError(outcome) && outcome.code)).toEqual([
      "NO_SPACE",
      "NO_SPACE",
    ]);
    expect(await blobs.get(key)).toEqual(before);
    expect(await held()).toEqual({ a: "first" });
    await blobs.delete(key);
    expect(await held()).toEqual({});
    expect(await used()).toBe(1);
  });
});
