/** Objects of a backup into a running store, by the operator's tool: shown first, asked about, done, and taken back. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore, defineKind, type ObjectMeta, type Store } from "keelson";
import { saveSnapshot } from "keelson/backup";
import { aesGcm } from "keelson/codec";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { patientMs } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";

interface Config {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly data: Readonly<Record<string, string>>;
}
const namespaced = { version: "v1", scope: "Namespaced" } as const;
const configmaps = defineKind<Config>({ ...namespaced, kind: "ConfigMap", plural: "configmaps" });
const secrets = defineKind<Config>({ ...namespaced, kind: "Secret", plural: "secrets" });
const widgets = defineKind<Config>({
  ...namespaced,
  group: "example.com",
  kind: "Widget",
  plural: "widgets",
});
const key = randomBytes(32);
const open = (etcd: Etcd): Promise<Store> =>
  createStore({
    etcd,
    kinds: [configmaps, secrets, widgets],
    transforms: { secrets: aesGcm({ keys: [{ id: "k1", key }] }) },
    compaction: false,
  });
let store: Store;
let snapshot: string;
let repository: readonly string[];
let keys: readonly string[];
let lite: ReturnType<typeof liteAt>;

const dataOf = async (name: string): Promise<string | undefined> => {
  const { items } = await store.resources(configmaps).list({ namespace: "shop" });
  return items.find(({ metadata }) => metadata.name === name)?.data["at"];
};

const lab = etcdForAll();
const dir = folderForAll();

beforeAll(async () => {
  lite = liteAt(lab.local.endpoints);
  snapshot = join(dir.path, "backup.db");
  repository = ["--repository", join(dir.path, "repository")];
  const keysFile = join(dir.path, "keys.json");
  await writeFile(keysFile, JSON.stringify({ keys: [{ id: "k1", key: key.toString("base64") }] }));
  keys = ["--keys-file", keysFile];
  store = await open(lab.etcd);
  await store.namespaces.create({ metadata: { name: "shop" } });
  for (const name of ["lost", "changed", "same"]) {
    const metadata = { name, namespace: "shop", labels: { name } };
    await store.resources(configmaps).create({ metadata, data: { at: "backup" } });
  }
  await store
    .resources(secrets)
    .create({ metadata: { name: "s", namespace: "shop" }, data: { pass: "word" } });
  await store.resources(widgets).create({ metadata: { name: "w", namespace: "shop" }, data: {} });
  await saveSnapshot(lab.etcd, snapshot);
  const backup = await lite(["backup", "create", ...repository]);
  expect(backup.code).toBe(0);
});
afterAll(async () => {
  await store?.close();
});

const from = (...rest: readonly string[]): readonly string[] => ["restore", "objects", ...rest, ...keys];

describe("restore objects", () => {
  /** One is gone, one is another, one is as in the backup. */
  beforeEach(async () => {
    const all = store.resources(configmaps);
    await all.deleteCollection({ namespace: "shop" });
    for (const [name, at] of [
      ["changed", "now"],
      ["same", "backup"],
    ] as const) {
      await all.create({ metadata: { name, namespace: "shop", labels: { name } }, data: { at } });
    }
  });

  test("--dry-run shows what differs, field by field, and writes nothing", async () => {
    const args = from("--snapshot", snapshot, "-n", "shop", "--resources", "configmaps", "--dry-run");
    const { code, stdout, stderr } = await lite([...args, "--conflict", "overwrite"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").sort()).toEqual(
      [
        "+ configmaps shop/lost",
        "~ configmaps shop/changed",
        '    data.at: "now" -> "backup"',
        "1 to be created, 1 to be overwritten, 0 different and left alone, 1 the same",
        "",
      ].sort(),
    );
    expect([await dataOf("lost"), await dataOf("changed")]).toEqual([undefined, "now"]);
  });

  test("creates what is gone, leaves alone what differs, and with --conflict overwrite brings that back too", async () => {
    const args = from("--snapshot", snapshot, "--prefix", "/registry/configmaps/shop/");
    const skipped = await lite([...args, "-w", "json"]);
    expect(JSON.parse(skipped.stdout)).toMatchObject({
      created: 1,
      overwritten: 0,
      skipped: 1,
      unchanged: 1,
      failed: [],
    });
    expect([await dataOf("lost"), await dataOf("changed")]).toEqual(["backup", "now"]);
    const overwritten = await lite([...args, "--conflict", "overwrite"]);
    expect(overwritten.stdout).toContain(
      "0 created, 1 overwritten, 0 different and left alone, 2 the same\n",
    );
    expect(await dataOf("changed")).toBe("backup");
  });

  test("needs only the keys of what it touches", async () => {
    const without = ["restore", "objects", "--snapshot", snapshot];
    // A namespace, names and a prefix in which the backup has no secret.
    for (const choice of [
      ["--name", "lost"],
      ["--prefix", "/registry/configmaps/"],
      ["-n", "kube-system"],
    ]) {
      const { code, stderr } = await lite([...without, ...choice]);
      expect({ choice, code, stderr }).toEqual({ choice, code: 0, stderr: "" });
    }
    expect(await dataOf("lost")).toBe("backup");
    const touching = await lite([...without, "-n", "shop"]);
    expect(touching.code).not.toBe(0);
    expect(touching.stderr).toContain('"k1"');
  });

  test("a ledger that counts keys removed past the store is told, and reconcile lets the restore through", async () => {
    const { items } = await store.resources(configmaps).list({ namespace: "shop" });
    const limit = `count/configmaps=${items.length}`;
    expect(await lite(["quota", "set", "shop", limit])).toMatchObject({ code: 0, stderr: "" });
    await lab.etcd.kv.deleteRange({ key: "/registry/configmaps/shop/same" });
    const restore = ["restore", "objects", "--snapshot", snapshot, "--name", "lost"];
    const refused = await lite(restore);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("run quota reconcile");
    expect((await lite(["quota", "reconcile"])).stdout).toContain("1 corrected");
    expect(await lite(restore)).toMatchObject({ code: 0, stderr: "" });
    expect(await dataOf("lost")).toBe("backup");
    await store.quotas.remove("shop");
  });

  test("quota set and reconcile count sealed objects without their key, and say what they cannot look into", async () => {
    expect(await lite(["quota", "set", "shop", "count/secrets=1"])).toMatchObject({ code: 0, stderr: "" });
    await expect(
      store.resources(secrets).create({ metadata: { name: "t", namespace: "shop" }, data: {} }),
    ).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    const measured = await lite(["quota", "set", "shop", "requests.cpu=1", "--quota", "cpu"]);
    expect(measured).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("1 object is counted by key and size"),
    });
    expect(await lite(["quota", "reconcile", ...keys])).toMatchObject({ code: 0, stderr: "" });
    for (const name of ["default", "cpu"]) await store.quotas.remove("shop", { name });
  });

  test("quota set refuses a count of what is not on record, and names what is near; --force sets it", async () => {
    const refused = await lite(["quota", "set", "shop", "count/secretz=1"]);
    expect(refused).toMatchObject({ code: 128, stdout: "" });
    expect(refused.stderr).toContain("did you mean count/secrets?");
    expect(await store.quotas.list({ namespace: "shop" })).toEqual([]);
    expect(await lite(["quota", "set", "shop", "count/widgets.example.com=1", "--force"])).toMatchObject({
      code: 0,
    });
    await store.quotas.remove("shop");
  });

  test("--conflict fail writes nothing when anything differs, and says how to go on", async () => {
    const args = from("--snapshot", snapshot, "--resources", "configmaps");
    const { code, stderr } = await lite([...args, "--conflict", "fail"]);
    expect(code).toBe(1);
    expect(stderr).toContain("configmaps shop/changed differs");
    expect(stderr).toContain("nothing was written");
    expect(stderr).toContain("--dry-run");
    expect(await dataOf("lost")).toBeUndefined();
  });

  test("on a terminal it shows the difference and asks; without a yes nothing is written", async () => {
    const args = from("--snapshot", snapshot, "--resources", "configmaps", "-l", "name=lost");
    const refused = await lite(args, { tty: true, stdin: "n\n", env: { NO_COLOR: "1" } });
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("+ configmaps shop/lost\n1 to be created");
    expect(refused.stderr).toContain("This creates 1 object and overwrites 0. Go on? [y/N] ");
    expect(await dataOf("lost")).toBeUndefined();
    const coloured = await lite(args, { tty: true, stdin: "y\n" });
    expect(coloured.code).toBe(0);
    expect(coloured.stdout).toContain("\u001b[32m+ configmaps shop/lost\u001b[0m\n1 to be created");
    expect(await dataOf("lost")).toBe("backup");
    const nothing = await lite(args, { tty: true });
    expect(nothing).toMatchObject({ code: 0, stderr: "" });
  });

  test("is taken back with its undo file", async () => {
    const undo = join(dir.path, `undo-${randomBytes(4).toString("hex")}.json`);
    const args = from("--snapshot", snapshot, "--resources", "configmaps", "--conflict", "overwrite");
    expect((await lite([...args, "--undo-file", undo])).code).toBe(0);
    expect([await dataOf("lost"), await dataOf("changed")]).toEqual(["backup", "backup"]);
    const taken = await lite(["restore", "undo", undo, ...keys]);
    expect(taken).toMatchObject({ code: 0, stdout: "2 objects as they were before\n", stderr: "" });
    expect([await dataOf("lost"), await dataOf("changed")]).toEqual([undefined, "now"]);
    expect((await lite(["restore", "undo", "/nowhere/undo.json", ...keys])).stderr).toContain("no such file");
  });

  test("comes from a repository, at the revision asked for", async () => {
    const args = from(...repository, "--resources", "configmaps", "--name", "lost");
    const [before] = (
      await lite(["history", "/registry/configmaps/shop/lost", "-w", "json", "--from", snapshot])
    ).stdout.match(/(?<="revision":)\d+/) ?? [""];
    const early = await lite([...args, "--to-revision", String(BigInt(before ?? "") - 1n)]);
    expect(early).toMatchObject({ code: 0, stderr: "" });
    expect(await dataOf("lost")).toBeUndefined();
    expect(await lite(args)).toMatchObject({ code: 0, stderr: "" });
    expect(await dataOf("lost")).toBe("backup");
  });

  test("goes into another namespace, which must be there", async () => {
    const args = from(
      "--snapshot",
      snapshot,
      "-n",
      "shop",
      "--resources",
      "configmaps,secrets",
      "--map",
      "shop=copy",
    );
    const homeless = await lite(args);
    expect(homeless.code).toBe(1);
    expect(homeless.stderr).toContain("namespaces");
    const whole = await lite([...args, "--resources", "namespaces"]);
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    const copy = await store.resources(secrets).get({ namespace: "copy", name: "s" });
    expect(copy.data).toEqual({ pass: "word" });
  });

  test.each([
    [["restore", "objects"], "needs --snapshot or --repository"],
    [["restore", "objects", "--snapshot", "a", "--repository", "b"], "one of them"],
    [["restore", "objects", "--snapshot", "a", "--conflict", "maybe"], "--conflict is one of"],
    [["restore", "objects", "--snapshot", "a", "--map", "shop"], "--map needs pairs"],
    [["restore", "objects", "--snapshot", "a", "--to-time", "2026-01-01"], "--to-time needs --repository"],
    [["restore", "objects", "--snapshot", "/nowhere/a.db"], "/nowhere/a.db"],
  ])("refuses %j and says why", async (args, why) => {
    const { code, stderr } = await lite(args);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(why);
  });
});

test("an etcd that has lost everything knows kinds and encryption from the backup, and gets no secret in the clear", async () => {
  await using fresh = await startLocalEtcd();
  const there = liteAt(fresh.endpoints);
  const refused = await there(["restore", "objects", "--snapshot", snapshot]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('secrets of this store are encrypted under "k1"');
  const wrong = JSON.stringify({ keys: [{ id: "k1", key: randomBytes(32).toString("base64") }] });
  const unproved = await lite(["restore", "objects", "--snapshot", snapshot], {
    env: { KEELSON_KEYS: wrong },
  });
  expect(unproved.code).toBe(1);
  expect(unproved.stdout).toBe("");
  expect(await there(from("--snapshot", snapshot))).toMatchObject({ code: 0, stderr: "" });
  await using client = await connectEtcd({ endpoints: fresh.endpoints, requestTimeoutMs: patientMs });
  const { kvs } = await client.kv.range({ key: "/registry/secrets/shop/s" });
  expect(Buffer.from(kvs[0]?.value ?? []).includes("word")).toBe(false);
  await using again = await open(client);
  expect((await again.resources(secrets).get({ namespace: "shop", name: "s" })).data).toEqual({
    pass: "word",
  });
  expect((await again.resources(widgets).list()).items).toHaveLength(1);
  expect((await again.resources(configmaps).list()).items).toHaveLength(3);
});
