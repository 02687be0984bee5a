/** A transform named for nobody is refused, or told of; a key of another's id is noticed when the store is opened. */
import { createStore, type Store } from "keelson";
import { aesGcm } from "keelson/codec";
import { expect, test } from "vitest";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";

const secrets = namespacedKind("Secret");
const grouped = namespacedKind("Secret", { group: "vault.example.com" });
const key = (fill = 1, id = "k1") => ({ id, key: new Uint8Array(32).fill(fill) });
const seal = aesGcm({ keys: [key()] });
const open = (lab: MemoryLab, kinds: readonly (typeof secrets)[], names: readonly string[]): Promise<Store> =>
  createStore({
    etcd: lab.connect(),
    kinds,
    compaction: false,
    transforms: Object.fromEntries(names.map((name) => [name, seal])),
  });
const problems = async (store: Store) =>
  (await store.health()).problems.filter((problem) => problem.includes("transforms"));

test.each([
  [[secrets], "secret", "secrets"],
  [[secrets], "Secrets", "secrets"],
  [[secrets], "Secret", "secrets"],
  [[grouped], "secrets", "secrets.vault.example.com"],
  [[grouped], "secret.vault.example.com", "secrets.vault.example.com"],
])("of %j the name %s is refused with the one that was meant", async (kinds, name, meant) => {
  await using lab = new MemoryLab();
  await expect(open(lab, kinds, [name])).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining(`did you mean "${meant}"`),
  });
});

test.each([
  [[secrets], ["secrets"]],
  [[grouped], ["secrets.vault.example.com"]],
  [
    [secrets, grouped],
    ["secrets", "secrets.vault.example.com"],
  ],
  [[secrets, grouped], ["secrets"]],
  [[grouped], ["*.vault.example.com"]],
  [[secrets], ["*"]],
])("of %j the names %j are fine", async (kinds, names) => {
  await using lab = new MemoryLab();
  await using store = await open(lab, kinds, names);
  expect(await problems(store)).toEqual([]);
});

test("a name whose kind may come later is told by health() until it is there", async () => {
  await using lab = new MemoryLab();
  const other = namespacedKind("Token");
  await using store = await open(lab, [secrets], ["tokens", "secretz"]);
  expect(await problems(store)).toEqual([
    expect.stringContaining('"tokens"'),
    expect.stringContaining('"secretz", and no such kind is open, did you mean "secrets"'),
  ]);
  expect((await store.health()).ok).toBe(false);
  await store.addKind(other);
  expect(await problems(store)).toEqual([expect.stringContaining('"secretz"')]);
  await store.removeKind(other);
  expect(await problems(store)).toEqual([expect.stringContaining('"secretz"')]);
});

test("a kind of a group that is added is refused while a transform has its short name", async () => {
  await using lab = new MemoryLab();
  await using store = await open(lab, [], ["secrets"]);
  await expect(store.addKind(grouped)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining('did you mean "secrets.vault.example.com"'),
  });
  expect(store.kinds.includes(grouped)).toBe(false);
  await store.addKind(secrets);
  await store.addKind(grouped);
});

test("two processes that open at once under two keys of one id: one of them is refused", async () => {
  for (let round = 0; round < 10; round++) {
    await using lab = new MemoryLab();
    const opening = [1, 2].map((fill) =>
      createStore({
        etcd: lab.connect(),
        kinds: [secrets],
        compaction: false,
        transforms: { secrets: aesGcm({ keys: [key(fill)] }) },
      }),
    );
    const opened = await Promise.allSettled(opening);
    const refused = opened.filter((one) => one.status === "rejected");
    expect(refused.map(({ reason }) => reason)).toEqual([
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining('key "k1"') }),
    ]);
    for (const one of opened) if (one.status === "fulfilled") await one.value.close();
  }
});

test("a record without a check value gets one from who proves the key by a value, and nobody else", async () => {
  await using lab = new MemoryLab();
  const openWith = (fill: number) =>
    createStore({
      etcd: lab.connect(),
      kinds: [secrets],
      compaction: false,
      transforms: { secrets: aesGcm({ keys: [key(fill)] }) },
    });
  const first = await openWith(1);
  await first.resources(secrets).create({ metadata: { namespace: "default", name: "a" } });
  await first.close();
  const record = "/keelson/registry/sealing/secrets/k1";
  lab.server.mvcc.put({ key: record, value: "" });
  await expect(openWith(2)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await (await openWith(1)).close();
  expect(Buffer.from(lab.server.mvcc.range({ key: record }).kvs[0]?.value ?? "").toString()).toMatch(
    /^[0-9a-f]{32}$/,
  );
});
