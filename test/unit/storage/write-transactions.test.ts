/**
 * What a write sends to etcd, counted: each compare and each operation is paid by etcd on every write, so one more is a
 * decision (docs/adr/0012-what-a-write-costs.md), and no accident.
 */
import { createStore, type ResourceStore, type Store } from "keelson";
import { msgpackCodec } from "keelson/codec";
import type { Etcd, TxnOp, TxnRequest } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";

describe("the transaction of a write", () => {
  let sent: TxnRequest[] = [];
  let base: Etcd;
  let etcd: Etcd;
  let store: Store;
  let widgets: ResourceStore<Widget>;
  const key = { namespace: "default", name: "a" };

  beforeAll(async () => {
    base = memoryEtcd();
    etcd = recording(base, (request) => sent.push(request));
    store = await createStore({
      etcd,
      kinds: [widgetKind],
      codec: msgpackCodec({ dictionaries: "off" }),
      compaction: false,
    });
    widgets = store.resources(widgetKind);
    await widgets.create(widget("default", "warm-up"));
  });
  afterAll(async () => {
    await store?.close();
    await etcd?.close();
  });

  /** The one transaction of `work`: what is compared, by folder, and its operations. */
  async function transactionOf(work: () => Promise<unknown>): Promise<Record<string, readonly string[]>> {
    sent = [];
    await work();
    expect(sent).toHaveLength(1);
    const [{ compare, success, failure } = { compare: [], success: [], failure: [] }] = sent;
    return {
      compare: compare.map((one) => folderOf(one.key)),
      success: success.map(textOf),
      failure: failure.map(textOf),
    };
  }

  test("a create compares its key, its bucket, its namespace, two quota records and the session", async () => {
    expect(await transactionOf(() => widgets.create(widget("default", "a", 1)))).toEqual({
      compare: ["widgets", "graves", "namespaces", "quotas", "quotas", "sessions"],
      success: ["put widgets"],
      failure: ["range widgets"],
    });
  });

  test("an update compares its key, two quota records and the session", async () => {
    const change = () =>
      widgets.guaranteedUpdate(key, (old) => ({ ...old, spec: { size: old.spec.size + 1 } }));
    const expected = {
      compare: ["widgets", "quotas", "quotas", "sessions"],
      success: ["put widgets"],
      failure: ["range widgets"],
    };
    expect(await transactionOf(change)).toEqual(expected);
    const current = await widgets.get(key);
    expect(await transactionOf(() => widgets.update({ ...current, spec: { size: 9 } }))).toEqual(expected);
  });

  test("a delete compares as an update, and marks its bucket", async () => {
    expect(await transactionOf(() => widgets.delete(key))).toEqual({
      compare: ["widgets", "quotas", "quotas", "sessions"],
      success: ["delete widgets", "put graves"],
      failure: ["range widgets"],
    });
  });

  test("a group of creates compares the session once, and each member the rest", async () => {
    sent = [];
    await widgets.createMany([widget("default", "b"), widget("default", "c")]);
    const [{ compare, success } = { compare: [], success: [] }] = sent;
    expect(compare.map((one) => folderOf(one.key))).toEqual(["sessions"]);
    for (const member of success) {
      if (member.type !== "txn") throw new Error(`a group holds a ${member.type}`);
      expect(member.txn.compare.map((one) => folderOf(one.key))).toEqual([
        "widgets",
        "graves",
        "namespaces",
        "quotas",
        "quotas",
      ]);
      expect(member.txn.failure.map(textOf)).toEqual(["range widgets"]);
    }
    expect(success).toHaveLength(2);
  });

  test("a refusal that the key explains costs no round trip more; another one costs a look", async () => {
    sent = [];
    await expect(widgets.create(widget("default", "b"))).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(sent).toHaveLength(1);
    // Behind this store's back: what it knows of the namespace's quotas is old.
    await using other = await createStore({ etcd: base, kinds: [widgetKind], compaction: false });
    await other.quotas.set("default", { name: "few", hard: { "count/widgets": "100" } });
    sent = [];
    await widgets.guaranteedUpdate({ namespace: "default", name: "b" }, (old) => ({
      ...old,
      spec: { size: 7 },
    }));
    expect(sent.map(({ compare }) => (compare.length === 0 ? "look" : "write"))).toEqual([
      "write",
      "look",
      "write",
    ]);
  });
});

function recording(etcd: Etcd, note: (request: TxnRequest) => void): Etcd {
  const bound = <T extends object>(target: T, name: PropertyKey): unknown => {
    const value: unknown = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  const kv = new Proxy(etcd.kv, {
    get: (target, name) =>
      name !== "txn"
        ? bound(target, name)
        : (...args: Parameters<Etcd["kv"]["txn"]>) => {
            note(args[0]);
            return target.txn(...args);
          },
  });
  return new Proxy(etcd, { get: (target, name) => (name === "kv" ? kv : bound(target, name)) });
}

/** "widgets" of /registry/…/widgets/default/a, "graves" of /keelson/registry/graves/0a1. */
function folderOf(key: string | Uint8Array): string {
  const text = Buffer.from(key).toString();
  const folders = ["graves", "sessions", "quotas", "namespaces", "widgets"];
  return folders.find((folder) => text.includes(`/${folder}/`)) ?? text;
}

function textOf(op: TxnOp): string {
  switch (op.type) {
    case "put":
      return `put ${folderOf(op.put.key)}`;
    case "range":
      return `range ${folderOf(op.range.key)}`;
    case "delete":
      return `delete ${folderOf(op.delete.key)}`;
    case "txn":
      return "txn";
  }
}
