/** Odd but legal uses: what a stranger does that no table lists. */
import { type AnyResource, defineKind, isPending, type Resource, type Store, withCaches } from "keelson";
import { beforeAll, describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../support/failures.ts";
import { take } from "../support/take.ts";
import { within } from "../support/time/patience.ts";
import { at, ConfigMap, configMap, Pod, pod, shown, worldForAll } from "./world.ts";

const world = worldForAll();
let store: Store;
beforeAll(async () => {
  store = await world.store();
});

describe("odd but legal", () => {
  test("what was read is the caller's to copy and write; a result of create can be updated twice with its own version", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("chain"));
    const second = await maps.update({ ...made, data: { a: "2" } });
    const third = await maps.update({ ...second, data: { a: "3" } });
    expect((await maps.get(at("chain"))).data).toEqual(third.data);
    // A result changed by its owner changes nothing in the store.
    third.data = { hacked: "yes" };
    expect((await maps.get(at("chain"))).data).toEqual({ a: "3" });
    const next = await maps.guaranteedUpdate(at("chain"), (c) => c);
    expect(next.data).toEqual({ a: "3" });
    next.data = { hacked: "again" };
    expect((await maps.guaranteedUpdate(at("chain"), (c) => c)).data).toEqual({ a: "3" });
  });

  test("data is kept as it was: key order, unicode, empty values, numbers, __proto__ as a field", async () => {
    const Any = defineKind<AnyResource>({
      group: "example.com",
      version: "v1",
      kind: "Any",
      plural: "anys",
      scope: "Namespaced",
    });
    const mine = await world.store({ kinds: [Any] });
    const data = JSON.parse(
      '{"z":1,"a":-1.5,"10":true,"2":null,"e":"","deep":{"list":[[],{},"\\ud83d\\ude00","\\u0000"]},"big":9007199254740991,"constructor":{"prototype":{"x":1}}}',
    ) as Record<string, unknown>;
    const made = await mine.resources(Any).create({ metadata: { name: "a", namespace: "default" }, data });
    expect(made["data"]).toEqual(data);
    const read = await mine.resources(Any).get(at("a"));
    expect(read["data"]).toEqual(data);
    expect(JSON.stringify(read)).toBe(JSON.stringify(made));
    const evil = JSON.parse('{"__proto__":{"polluted":"yes"}}') as Record<string, unknown>;
    await mine
      .resources(Any)
      .create({ metadata: { name: "b", namespace: "default" }, data: evil })
      .then(
        () => mine.resources(Any).get(at("b")),
        () => undefined,
      );
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  test("managedFields, ownerReferences and annotations are kept", async () => {
    const maps = store.resources(ConfigMap);
    const metadata = {
      name: "kept",
      namespace: "default",
      annotations: { "example.com/a": "x".repeat(1000), b: "" },
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "u", controller: true }],
      managedFields: [{ manager: "kubectl", operation: "Apply", fieldsV1: { "f:data": {} } }],
    };
    const made = await maps.create({ metadata });
    expect(made.metadata).toMatchObject(metadata);
    expect((await maps.get(at("kept"))).metadata).toEqual(made.metadata);
  });

  test("delete and create of the same name again is another object, and an old uid is refused", async () => {
    const maps = store.resources(ConfigMap);
    const first = await maps.create(configMap("again"));
    await maps.delete(at("again"));
    const second = await maps.create(configMap("again"));
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    await refusal(
      maps.delete(at("again"), { preconditions: { uid: first.metadata.uid } }),
      "PRECONDITION_FAILED",
    );
    await refusal(
      maps.guaranteedUpdate(at("again"), () => first),
      "CONFLICT",
    );
  });

  test("a delete of a marked object with a precondition on its version, and a finalizer with a grace period", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create({ metadata: { name: "both", namespace: "default", finalizers: ["example.com/f"] } });
    const marked = await maps.delete(at("both"), { gracePeriodSeconds: 20 });
    expect(isPending(marked)).toBe(true);
    const zero = await maps.delete(at("both"), {
      gracePeriodSeconds: 0,
      preconditions: { resourceVersion: marked.metadata.resourceVersion },
    });
    // The finalizer still holds it.
    expect(isPending(zero)).toBe(true);
    expect(zero.metadata.deletionGracePeriodSeconds).toBe(0);
    const gone = await maps.guaranteedUpdate(at("both"), (c) => ({
      ...c,
      metadata: { ...c.metadata, finalizers: [] },
    }));
    expect(isPending(gone)).toBe(false);
    await refusal(maps.get(at("both")), "NOT_FOUND");
  });

  test("removing the last finalizer while a grace period is left keeps the object", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create({
      metadata: { name: "grace-left", namespace: "default", finalizers: ["example.com/f"] },
    });
    await maps.delete(at("grace-left"), { gracePeriodSeconds: 20 });
    const left = await maps.guaranteedUpdate(at("grace-left"), (c) => ({
      ...c,
      metadata: { ...c.metadata, finalizers: [] },
    }));
    expect(isPending(left)).toBe(true);
    expect(isPending(await maps.delete(at("grace-left")))).toBe(false);
  });

  test("a create in one store is read at its version by another connection with notOlderThan", async () => {
    const prefix = world.prefix();
    const one = await world.store({ prefix });
    await using etcd = await world.connect();
    const two = withCaches(await world.store({ prefix, etcd }));
    await two.ready();
    for (let i = 0; i < 20; i++) {
      const made = await one.resources(ConfigMap).create(configMap(`c-${i}`));
      const read = { consistency: "notOlderThan", resourceVersion: made.metadata.resourceVersion } as const;
      expect(await two.resources(ConfigMap).get(at(`c-${i}`), { read })).toEqual(made);
      expect((await two.resources(ConfigMap).list()).items.length).toBe(i + 1);
    }
    await two.close();
  });

  test("a scheduler: watches unbound pods, binds by compare and swap with all, a second binder loses", async () => {
    const pods = (await world.store()).resources(Pod);
    const unbound = pods.watch({ sendInitialEvents: true, fieldSelector: { "spec.nodeName": "" } });
    const made = await pods.create(pod("work"));
    await take(unbound, 1);
    const bind = (nodeName: string) =>
      pods.update(
        { ...made, spec: { ...made.spec, nodeName }, status: { phase: "Scheduled" } },
        { subresource: "all" },
      );
    const outcomes = await Promise.allSettled([bind("n1"), bind("n2")]);
    expect(outcomes.map((o) => o.status).sort()).toEqual(["fulfilled", "rejected"]);
    for (const o of outcomes)
      if (o.status === "rejected") expect(o.reason).toMatchObject({ code: "CONFLICT" });
    expect((await pods.get(at("work"))).status).toEqual({ phase: "Scheduled" });
  });

  test("list then watch loses nothing under writes", async () => {
    const maps = (await world.store()).resources(ConfigMap);
    const writing = (async () => {
      for (let i = 0; i < 60; i++) await maps.create(configMap(`w-${i}`));
    })();
    await new Promise((resolve) => setImmediate(resolve));
    const page = await maps.list();
    const left = 60 - page.items.length;
    const events = left === 0 ? [] : await take(maps.watch({ resourceVersion: page.resourceVersion }), left);
    await writing;
    const names = [...page.items.map((m) => `ADDED ${m.metadata.name}`), ...shown(events)];
    expect(new Set(names).size).toBe(60);
  });

  test("a kind's own functions that throw do not break what is read", async () => {
    interface Bad extends Resource {
      spec?: { n: number };
    }
    const Bad = defineKind<Bad>({
      group: "example.com",
      version: "v1",
      kind: "Bad",
      plural: "bads",
      scope: "Namespaced",
      fields: { "spec.n": (o) => String((o.spec as { n: number }).n) },
    });
    const mine = await world.store({ kinds: [Bad] });
    const error = await thrownBy(
      mine.resources(Bad).create({ metadata: { name: "x", namespace: "default" } }),
    );
    expect(error).toBeInstanceOf(Error);
    await mine.resources(Bad).create({ metadata: { name: "y", namespace: "default" }, spec: { n: 1 } });
    expect((await mine.resources(Bad).list({ fieldSelector: "spec.n=1" })).items.length).toBe(1);
  });

  test("closing while watches, lists and a hung mutate are under way settles everything", async () => {
    const mine = await world.store();
    const maps = mine.resources(ConfigMap);
    await maps.create(configMap("a"));
    const control = new AbortController();
    const hung = maps.guaranteedUpdate(at("a"), () => new Promise<never>(() => {}), {
      signal: control.signal,
    });
    const watch = maps.watch();
    const ready = watch.ready().catch((e: unknown) => e);
    const reason = new Error("give up");
    const settled = thrownBy(hung);
    const closing = mine.close();
    control.abort(reason);
    expect(await settled).toBe(reason);
    await within(closing, "close");
    await within(ready, "ready settles");
  });
});
