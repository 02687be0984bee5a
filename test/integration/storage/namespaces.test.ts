/** Namespaces end to end: born, marked, emptied by whoever is there, gone; and nothing survives in one that is gone. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore, defineKind, isPending, isStoreError, type Resource, type Store } from "keelson";
import { describe, expect, test } from "vitest";
import { compileSources } from "../../support/compiled-sources.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { failureOf } from "../../support/failures.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { TcpProxy } from "../../support/peers/tcp-proxy.ts";
import { boundMs, patientMs, until } from "../../support/time/patience.ts";

interface Widget extends Resource {
  spec?: { size: number };
}
const widgetSpec = {
  group: "example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  scope: "Namespaced",
} as const;
const Widget = defineKind<Widget>(widgetSpec);
const Gadget = namespacedKind("Gadget");

const draft = (namespace: string, name: string) => ({ metadata: { namespace, name }, spec: { size: 1 } });

describe.each(await etcdBinaries())("namespaces on etcd $version", ({ path: binary }) => {
  const lab = etcdForAll({ binary });

  const open = (prefix: string, kinds = [Widget, Gadget], more = {}): Promise<Store> =>
    createStore({ etcd: lab.etcd, kinds, prefix, ...more });
  const keysBelow = async (key: string): Promise<number> =>
    Number((await lab.etcd.kv.range({ key, rangeEnd: `${key.slice(0, -1)}0`, countOnly: true })).count);
  const isGone = async (store: Store, name: string): Promise<boolean> =>
    store.namespaces.get({ name }).then(
      () => false,
      (error: unknown) => {
        if (isStoreError(error, "NOT_FOUND")) return true;
        throw error;
      },
    );

  test("three exist from the start, Active, and cannot be deleted", async () => {
    await using store = await open("/initial");
    const { items } = await store.namespaces.list();
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["default", "kube-public", "kube-system"]);
    for (const { status } of items) expect(status?.phase).toBe("Active");
    expect((await failureOf(store.namespaces.delete({ name: "default" }))).code).toBe("PERMISSION_DENIED");
    await using again = await open("/initial");
    expect((await again.namespaces.list()).items).toEqual(items);
  });

  test("delete() gives the Terminating namespace back at once, pending; then it is emptied and gone", async () => {
    await using store = await open("/life");
    await store.namespaces.create({ metadata: { name: "team" } });
    await store.resources(Widget).create(draft("team", "w"));
    await store.resources(Gadget).create(draft("team", "g"));
    await store.resources(Widget).create(draft("default", "stays"));
    const marked = await store.namespaces.delete({ name: "team" });
    expect(marked.status?.phase).toBe("Terminating");
    expect(isPending(marked)).toBe(true);
    await until(() => isGone(store, "team"), "the namespace is gone");
    expect(await keysBelow("/life/example.com/widgets/team/")).toBe(0);
    expect(await keysBelow("/life/gadgets/team/")).toBe(0);
    expect(await keysBelow("/keelson/life/terminating/")).toBe(0);
    await store.resources(Widget).get({ namespace: "default", name: "stays" });
    // And can be made anew, as another one.
    const anew = await store.namespaces.create({ metadata: { name: "team" } });
    expect(anew.metadata.uid).not.toBe(marked.metadata.uid);
    await store.resources(Widget).create(draft("team", "w"));
  });

  test("a terminating namespace takes no creates, and waits for finalizers, saying what is left", async () => {
    await using store = await open("/held");
    await store.namespaces.create({ metadata: { name: "team" } });
    const widgets = store.resources(Widget);
    await widgets.create({
      ...draft("team", "held"),
      metadata: { namespace: "team", name: "held", finalizers: ["example.com/x"] },
    });
    await widgets.create(draft("team", "free"));
    await store.namespaces.delete({ name: "team" });
    expect((await failureOf(widgets.create(draft("team", "late")))).code).toBe("NAMESPACE_TERMINATING");
    await until(async () => {
      const { status } = await store.namespaces.get({ name: "team" });
      return status?.remaining?.["widgets.example.com"] === 1;
    }, "one object is left");
    const { status } = await store.namespaces.get({ name: "team" });
    expect(status?.conditions).toContainEqual({
      type: "NamespaceContentRemaining",
      status: "True",
      reason: "SomeResourcesRemain",
      message: "widgets.example.com has 1",
    });
    // Deleting again changes nothing.
    expect(isPending(await store.namespaces.delete({ name: "team" }))).toBe(true);
    const held = await widgets.get({ namespace: "team", name: "held" });
    expect(held.metadata.deletionTimestamp).toBeDefined();
    await widgets.guaranteedUpdate({ namespace: "team", name: "held" }, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    await until(() => isGone(store, "team"), "the namespace is gone");
  });

  test("a finalizer of somebody else's on the namespace itself is waited for", async () => {
    await using store = await open("/guest");
    await store.namespaces.create({ metadata: { name: "team", finalizers: ["example.com/guest"] } });
    await store.resources(Widget).create(draft("team", "w"));
    await store.namespaces.delete({ name: "team" });
    await until(async () => (await keysBelow("/guest/example.com/widgets/team/")) === 0, "it is empty");
    expect(await isGone(store, "team")).toBe(false);
    // Taking all finalizers away, ours among them, lets it go by the emptier's hand only.
    await store.namespaces.guaranteedUpdate({ name: "team" }, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    await until(() => isGone(store, "team"), "the namespace is gone");
  });

  test("no object survives in a deleted namespace, whatever races with its deletion", async () => {
    await using one = await open("/race");
    await using two = await open("/race");
    for (let round = 0; round < 8; round++) {
      const name = `team-${round}`;
      await one.namespaces.create({ metadata: { name } });
      // Both know it as alive.
      await two.resources(Widget).create(draft(name, "first"));
      let going = true;
      const codes = new Set<string>();
      const writers = [one, two].map(async (store, writer) => {
        // Each until it was refused at least once.
        for (let i = 0, refused = false; going || !refused; i++) {
          try {
            await store.resources(Widget).create(draft(name, `w-${writer}-${i}`));
          } catch (error) {
            if (!isStoreError(error, "NAMESPACE_TERMINATING", "NAMESPACE_NOT_FOUND")) throw error;
            codes.add(error.code);
            refused = true;
          }
        }
      });
      await one.namespaces.delete({ name });
      await until(() => isGone(one, name), "the namespace is gone");
      going = false;
      await Promise.all(writers);
      expect(codes).not.toEqual(new Set());
      expect(await keysBelow(`/race/example.com/widgets/${name}/`)).toBe(0);
    }
  });

  test("a namespace and kind made by others are known without being told", async () => {
    await using early = await open("/others", [Widget]);
    await using late = await open("/others", [Widget, Gadget]);
    await late.namespaces.create({ metadata: { name: "team" } });
    await early.resources(Widget).create(draft("team", "w"));
    await late.resources(Gadget).create(draft("team", "g"));
    await late.close();
    // This process has never seen a Gadget.
    await early.namespaces.delete({ name: "team" });
    await until(() => isGone(early, "team"), "the namespace is gone");
    expect(await keysBelow("/others/gadgets/team/")).toBe(0);
  });

  test("what nobody can read is waited for and told; deleted deliberately, it lets the namespace go", async () => {
    await using store = await open("/damage");
    await store.namespaces.create({ metadata: { name: "team" } });
    await lab.etcd.kv.put({ key: "/damage/example.com/widgets/team/broken", value: "no object" });
    await lab.etcd.kv.put({ key: "/damage/example.com/widgets/team/too/deep", value: "x" });
    await store.resources(Widget).create(draft("team", "sound"));
    await store.namespaces.delete({ name: "team" });
    const problems = async (): Promise<string> =>
      (await store.health({ timeoutMs: patientMs })).problems.join("\n");
    await until(
      async () =>
        /Namespace "team" cannot be emptied.*widgets\.example\.com "team\/broken"/.test(await problems()),
      "health() says what the namespace waits for",
    );
    // It may have finalizers, for all anybody knows. The others go, and what is at no object's key.
    await until(
      async () => (await keysBelow("/damage/example.com/widgets/team/")) === 1,
      "the others are gone",
    );
    const { kvs } = await lab.etcd.kv.range({ key: "/damage/example.com/widgets/team/broken" });
    expect(kvs).toHaveLength(1);
    expect((await store.namespaces.get({ name: "team" })).status?.remaining).toEqual({
      "widgets.example.com": 1,
    });
    await store
      .resources(Widget)
      .delete(
        { namespace: "team", name: "broken" },
        { ignoreStoreReadErrorWithClusterBreakingPotential: true },
      );
    await until(() => isGone(store, "team"), "the namespace is gone");
    expect(await keysBelow("/damage/example.com/widgets/team/")).toBe(0);
    await until(async () => (await problems()) === "", "health() has nothing more to say of it");
  });

  test('with namespaces "open" a namespace is removed only when nothing is in it', async () => {
    await using store = await open("/open", [Widget], { namespaces: "open" });
    await store.resources(Widget).create(draft("nowhere", "w"));
    await store.namespaces.create({ metadata: { name: "nowhere" } });
    await store.namespaces.delete({ name: "nowhere" });
    await until(() => isGone(store, "nowhere"), "the namespace is gone");
    expect(await keysBelow("/open/example.com/widgets/nowhere/")).toBe(0);
  });

  test(
    "another process finishes when the one that empties is killed",
    async () => {
      const count = 1_500;
      {
        await using store = await open("/killed", [Widget]);
        await store.namespaces.create({ metadata: { name: "big" } });
        const outcomes = await store
          .resources(Widget)
          .createMany(Array.from({ length: count }, (_, i) => draft("big", `w-${i}`)));
        expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      }
      await using compiled = await compileSources();
      // All it says and hears passes through here, late: emptying takes it many seconds, and none while this stands still.
      await using proxy = await TcpProxy.start(lab.local.clientPort);
      proxy.set({ mode: "delay", delayMs: 20 });
      const script = join(compiled.folder, "empty.mjs");
      await writeFile(
        script,
        `import { connectEtcd } from "./src/etcd/index.js";
       import { createStore, defineKind } from "./src/index.js";
       const etcd = await connectEtcd({ endpoints: ${JSON.stringify(proxy.url)}, requestTimeoutMs: 60_000 });
       const store = await createStore({ etcd, prefix: "/killed", kinds: [defineKind(${JSON.stringify(widgetSpec)})] });
       await store.namespaces.delete({ name: "big" });
       setInterval(() => {}, 1_000);`,
      );
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "ignore", "inherit"] });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      try {
        await until(
          async () => (await keysBelow("/killed/example.com/widgets/big/")) < count,
          "the child empties",
        );
      } finally {
        child.kill("SIGKILL");
        await ended;
      }
      expect(await keysBelow("/killed/example.com/widgets/big/")).toBeGreaterThan(0);
      await using store = await open("/killed", []);
      await until(() => isGone(store, "big"), "the namespace is gone");
      expect(await keysBelow("/killed/example.com/widgets/big/")).toBe(0);
    },
    3 * boundMs,
  );
});
