/** Small promises of calls: what throws is typed, what is asked is waited for, what is told names no etcd key. */
import { randomBytes } from "node:crypto";
import { createStore, createWatchCache, defineView, isStoreError, type Store } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { namespacedKind } from "../../support/kinds.ts";

const Pod = namespacedKind<AnyResource>("Pod", {
  validate: (pod) => {
    if (pod["spec"] === undefined) throw new RangeError("no spec");
    return [];
  },
});
const at = (name: string) => ({ namespace: "default", name });
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const etcd = memoryEtcd();
let store: Store;
beforeEach(async () => {
  store = await createStore({ etcd, kinds: [Pod], compaction: false });
});
afterEach(() => store.close());

test("a validate that throws is INVALID_OBJECT with its cause", async () => {
  const error = await failure(store.resources(Pod).create({ metadata: at("bare") }));
  expect(isStoreError(error, "INVALID_OBJECT")).toBe(true);
  expect((error as Error).cause).toBeInstanceOf(RangeError);
});

test("a dry run has no resourceVersion, and its result can be created", async () => {
  const pods = store.resources(Pod);
  const tried = await pods.create({ metadata: at("tried"), spec: {} }, { dryRun: true });
  expect(tried.metadata.resourceVersion).toBeUndefined();
  expect((await pods.create(tried)).metadata.resourceVersion).toMatch(/^\d+$/);
});

test("delete waits for an asynchronous validate, and throws what it throws", async () => {
  const pods = store.resources(Pod);
  await pods.create({ metadata: at("guarded"), spec: {} });
  const refusal = new Error("not this one");
  const validate = async (): Promise<void> => {
    await Promise.resolve();
    throw refusal;
  };
  expect(await failure(pods.delete(at("guarded"), { validate }))).toBe(refusal);
  expect((await pods.get(at("guarded"))).metadata.name).toBe("guarded");
  let asked = false;
  await pods.delete(at("guarded"), {
    validate: async () => {
      await Promise.resolve();
      asked = true;
    },
  });
  expect(asked).toBe(true);
});

test("what the functions of a delete change in their argument is not written", async () => {
  const pods = store.resources(Pod);
  const spoil = (pod: AnyResource): number => {
    pod.metadata.finalizers = ["example.com/new"];
    pod["spec"] = { spoiled: true };
    return 5;
  };
  await pods.create({ metadata: at("plain"), spec: {} });
  const options = { validate: (pod: AnyResource) => void spoil(pod), gracePeriodSeconds: spoil };
  const marked = await pods.delete(at("plain"), options);
  expect(marked).toMatchObject({ spec: {}, metadata: { deletionGracePeriodSeconds: 5 } });
  expect(marked.metadata.finalizers).toBeUndefined();
  await pods.delete(at("plain"), { validate: (pod) => void spoil(pod) });
  await expect(pods.get(at("plain"))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a time to live of one second is taken", async () => {
  const pods = store.resources(Pod);
  expect((await pods.create({ metadata: at("brief"), spec: {} }, { ttlSeconds: 1 })).metadata.name).toBe(
    "brief",
  );
});

test("messages name the object, never its etcd key; a Status has Kubernetes' sentence", async () => {
  const pods = store.resources(Pod);
  const made = await pods.create({ metadata: at("web"), spec: {} });
  const moved = await pods.update({ ...made, spec: { a: 1 } });
  const failures = await Promise.all(
    [
      pods.get(at("nope")),
      pods.create({ metadata: at("web"), spec: {} }),
      pods.update({ ...made, spec: { a: 2 } }),
      pods.delete(at("web"), { preconditions: { uid: "other" } }),
      pods.create({ metadata: at("big"), spec: { text: randomBytes(2_000_000).toString("hex") } }),
      pods.create({ metadata: { namespace: "missing", name: "a" }, spec: {} }),
    ].map(failure),
  );
  for (const error of failures) {
    expect(isStoreError(error)).toBe(true);
    expect(String(error)).not.toContain("/registry");
    if (isStoreError(error)) expect(error.toStatus().message).not.toContain("/registry");
  }
  const messages = failures.map((error) => (isStoreError(error) ? error.toStatus().message : ""));
  expect(messages[0]).toBe('pods "nope" not found');
  expect(messages[1]).toBe('pods "web" already exists');
  expect(messages[2]).toMatch(/^Operation cannot be fulfilled on pods "web": the object has been modified/);
  expect(messages[5]).toBe('namespaces "missing" not found');
  expect(moved.metadata.name).toBe("web");
});

test("a cache may have a budget without bound", async () => {
  await using cache = createWatchCache(store.resources(Pod), { budgetBytes: Number.POSITIVE_INFINITY });
  await cache.ready();
  expect((await cache.list()).items).toBeDefined();
});

test.each([0, -1, 0.5, Number.NaN, "many" as unknown as number])(
  "a view whose sizeBytes gives %s can be read from a cache",
  async (size) => {
    const pods = store.resources(Pod);
    await pods.create({ metadata: at("sized"), spec: {} });
    await using cache = createWatchCache(pods);
    await cache.ready();
    const view = defineView<AnyResource, string>({
      name: "name",
      project: (pod) => pod.metadata.name,
      sizeBytes: () => size,
    });
    expect(await cache.as(view).get(at("sized"))).toBe("sized");
    await pods.delete(at("sized"));
  },
);

test("many calls under one signal warn of no leak", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const { signal } = new AbortController();
  const pods = store.resources(Pod);
  const reads = Array.from({ length: 40 }, () => pods.list({ signal, timeoutMs: 10_000 }));
  const watches = Array.from({ length: 40 }, () => pods.watch({ signal }));
  await Promise.all([...reads, ...watches.map((watch) => watch.ready({ signal }))]);
  for (const watch of watches) await watch[Symbol.asyncDispose]();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
});
