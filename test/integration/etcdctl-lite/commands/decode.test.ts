/** Objects of a store through the operator's tool: read whatever codec and key wrote them, and nothing is written by reading. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore } from "keelson";
import { saveSnapshot } from "keelson/backup";
import { aesGcm, type Codec, jsonCodec, msgpackCodec, type Transform } from "keelson/codec";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { at, flagBits } from "../../../../src/codec/form/envelope.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { namespacedKind } from "../../../support/kinds.ts";
import { liteAt } from "../lite.ts";

interface Pod {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: import("keelson").ObjectMeta;
  readonly spec?: { readonly nodeName?: string; readonly note?: string };
}

const kinds = {
  pods: namespacedKind<Pod>("Pod", { fields: { "spec.nodeName": ({ spec }) => spec?.nodeName } }),
  secrets: namespacedKind<Pod>("Secret"),
  widgets: namespacedKind<Pod>("Widget", { group: "example.com" }),
};

/** A dictionary is learned from 64 objects, and published behind the next ones. */
const dictionaryWritesMax = 2_000;
let keysFile: string;
let lite: ReturnType<typeof liteAt>;
const key = randomBytes(32);

const revision = async (): Promise<bigint> => (await lab.etcd.kv.range({ key: "x" })).header.revision;

async function written(
  prefix: string,
  names: readonly string[],
  how: { readonly codec?: Codec; readonly secrets?: Transform } = {},
): Promise<void> {
  await using store = await createStore({
    etcd: lab.etcd,
    prefix,
    kinds: Object.values(kinds),
    codec: how.codec ?? msgpackCodec(),
    ...(how.secrets === undefined ? {} : { transforms: { secrets: how.secrets } }),
    compaction: false,
  });
  for (const kind of Object.values(kinds)) {
    for (const name of names) {
      const metadata = { name, namespace: "default", labels: { app: "web" } };
      await store.resources(kind).create({ metadata, spec: { nodeName: "node-1", note: `of ${name}` } });
    }
  }
}

const lab = etcdForAll();
const dir = folderForAll();

beforeAll(async () => {
  lite = liteAt(lab.local.endpoints);
  keysFile = join(dir.path, "keys.json");
  await writeFile(keysFile, JSON.stringify({ keys: [{ id: "k1", key: key.toString("base64") }] }));
  await written("/registry", ["web-1", "web-2"], { secrets: aesGcm({ keys: [{ id: "k1", key }] }) });
});

describe("get --decode", () => {
  test("prints an object as YAML, with its key, version and codec above it", async () => {
    const { code, stdout, stderr } = await lite(["get", "/registry/pods/default/web-1", "--decode"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^---\n# \/registry\/pods\/default\/web-1 {2}revision \d+, version 1, msgpack\n/);
    expect(parse(stdout)).toMatchObject({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-1", namespace: "default", resourceVersion: expect.stringMatching(/^\d+$/) },
      spec: { nodeName: "node-1" },
    });
  });

  test("prints one JSON object a line with -w json", async () => {
    const { stdout } = await lite(["get", "/registry/example.com/", "--prefix", "--decode", "-w", "json"]);
    const objects = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Pod);
    expect(objects.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["Widget", "web-1"],
      ["Widget", "web-2"],
    ]);
  });

  test.each([
    ["raw JSON", "/raw", jsonCodec({ raw: true }), "raw-json"],
    ["enveloped JSON", "/json", jsonCodec(), "json"],
    [
      "deflated msgpack",
      "/deflated",
      msgpackCodec({ dictionaries: "off", compressAboveBytes: 1 }),
      "msgpack",
    ],
  ])("reads %s", async (_name, prefix, codec, said) => {
    await written(prefix, ["one"], { codec });
    const { code, stdout } = await lite(["get", `${prefix}/pods/default/one`, "--decode"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`, ${said}\n`);
    expect(parse(stdout)).toMatchObject({ kind: "Pod", spec: { note: "of one" } });
  });

  test("reads values that were written with a dictionary", async () => {
    await using store = await createStore({
      etcd: lab.etcd,
      prefix: "/dictionary",
      kinds: [kinds.pods],
      compaction: false,
    });
    let name = "";
    // A dictionary is learned behind the writes: soon, at no certain write.
    for (let count = 0, learned = false; !learned && count < dictionaryWritesMax; count++) {
      name = `many-${count}`;
      const metadata = { name, namespace: "default" };
      await store.resources(kinds.pods).create({ metadata, spec: { nodeName: "n", note: `of ${name}` } });
      const { kvs } = await lab.etcd.kv.range({ key: `/dictionary/pods/default/${name}` });
      learned = ((kvs[0]?.value[at.flags] ?? 0) & flagBits.dictionary) !== 0;
      if (count + 1 === dictionaryWritesMax) expect(learned).toBe(true);
    }
    const key = `/dictionary/pods/default/${name}`;
    const { code, stdout, stderr } = await lite(["get", key, "--decode", "--registry", "/dictionary"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(parse(stdout)).toMatchObject({ kind: "Pod", metadata: { name }, spec: { note: `of ${name}` } });
    const lost = await lite(["get", key, "--decode"]);
    expect(lost.code).toBe(1);
    expect(lost.stderr).toContain("dictionary");
  });

  test("decrypts with keys from a file, from a file named in the environment, and from the environment", async () => {
    const args = ["get", "/registry/secrets/default/web-1", "--decode"];
    const ways = [
      lite([...args, "--keys-file", keysFile]),
      lite(args, { env: { KEELSON_KEYS_FILE: keysFile } }),
      lite(args, {
        env: { KEELSON_KEYS: JSON.stringify({ keys: [{ id: "k1", key: key.toString("base64") }] }) },
      }),
    ];
    for (const { code, stdout } of await Promise.all(ways)) {
      expect(code).toBe(0);
      expect(stdout).toContain('sealed under "k1"');
      expect(parse(stdout)).toMatchObject({ kind: "Secret", spec: { note: "of web-1" } });
    }
  });

  test("without the key says under which one a value lies, what to give, and prints the others", async () => {
    const { code, stdout, stderr } = await lite(["get", "/registry/", "--prefix", "--decode"]);
    expect(code).toBe(1);
    expect(stderr).toContain('"/registry/secrets/default/web-1"');
    expect(stderr).toContain('encrypted under key "k1"');
    expect(stderr).toMatch(/Error: 2 of \d+ values could not be read\nGive the keys with --keys-file\.\n$/);
    expect(stdout).toContain("kind: Pod\n");
    expect(stdout).not.toContain("kind: Secret\n");
  });

  test("prints what is not keelson's byte for byte, and says so", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128, 0x7b]);
    await lab.etcd.kv.put({ key: "foreign", value: bytes });
    await lab.etcd.kv.put({ key: "foreign-json", value: '{"a":1}' });
    const whole = await lite(["get", "foreign", "--decode"]);
    expect(whole.bytes).toEqual(Buffer.concat([Buffer.from("foreign\n"), bytes, Buffer.from("\n")]));
    expect(whole.stderr).toBe(
      '"foreign" is not keelson\'s: it is in no format keelson knows; printed as it is\n',
    );
    expect(whole.code).toBe(0);
    const value = await lite(["get", "foreign", "--decode", "--print-value-only"]);
    expect(value.bytes).toEqual(Buffer.concat([bytes, Buffer.from("\n")]));
    const json = await lite(["get", "foreign-json", "--decode", "-w", "json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ value: Buffer.from('{"a":1}').toString("base64") });
  });

  test.each([
    [["--keys-file", "/nowhere/keys.json"], "cannot read the file of encryption keys"],
    [["--keys-only"], "`--decode` needs values"],
    [["-w", "fields"], "--decode prints YAML"],
  ])("refuses %j and says why", async (flags, why) => {
    const { code, stdout, stderr } = await lite(["get", "foreign", "--decode", ...flags]);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(why);
  });
});

describe("resources get", () => {
  test("knows kinds that are only on record, by plural, by kind and by resource name", async () => {
    for (const name of ["widgets", "Widget", "widgets.example.com"]) {
      const { code, stdout } = await lite(["resources", "get", name, "-o", "name"]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: "widgets.example.com/web-1\nwidgets.example.com/web-2\n",
      });
    }
    const { code, stderr } = await lite(["resources", "get", "widgts.example.com"]);
    expect(code).toBe(128);
    expect(stderr).toContain("did you mean widgets.example.com?");
  });

  test("selects by any field, declared by the store's program or not", async () => {
    for (const selector of ["spec.nodeName=node-1,metadata.name=web-2", "spec.note=of web-2"]) {
      const { stdout } = await lite(["resources", "get", "pods", "-o", "name", "--field-selector", selector]);
      expect(stdout).toBe("pods/web-2\n");
    }
  });

  test("one by name is the object itself, several are a list, none by that name is an error", async () => {
    const one = await lite(["resources", "get", "pods", "web-1", "-o", "json"]);
    expect(JSON.parse(one.stdout)).toMatchObject({ kind: "Pod", metadata: { name: "web-1" } });
    const list = await lite(["resources", "get", "pods", "-o", "json"]);
    expect(JSON.parse(list.stdout)).toMatchObject({
      kind: "List",
      items: [{ kind: "Pod" }, { kind: "Pod" }],
    });
    expect(await lite(["resources", "get", "pods", "gone"])).toMatchObject({
      code: 1,
      stderr: 'Error: pods "gone" not found\n',
    });
  });

  test("decrypts with the key, and without it says what to give", async () => {
    const args = ["resources", "get", "secrets", "-n", "default", "-o", "yaml"];
    const { stdout } = await lite([...args, "--keys-file", keysFile]);
    expect(stdout).toContain("note: of web-1");
    const { code, stderr } = await lite(args);
    expect(code).toBe(1);
    expect(stderr).toContain('"k1"');
    expect(stderr).toContain("--keys-file");
  });
});

describe("history and diff", () => {
  const place = { namespace: "default", name: "moving" };
  const path = "/registry/pods/default/moving";
  let snapshot: string;
  let first: string;
  let plain: bigint;

  beforeAll(async () => {
    await using store = await createStore({ etcd: lab.etcd, kinds: [kinds.pods], compaction: false });
    const pods = store.resources(kinds.pods);
    const made = await pods.create({ metadata: place, spec: { nodeName: "node-1", note: "a" } });
    first = made.metadata.resourceVersion;
    await pods.update({ ...made, spec: { nodeName: "node-2" } });
    plain = (await lab.etcd.kv.put({ key: "plain", value: "1" })).header.revision;
    await lab.etcd.kv.put({ key: "plain", value: "22" });
    snapshot = join(dir.path, "history.db");
    await saveSnapshot(lab.etcd, snapshot);
  });

  test.each([
    ["a running etcd", () => []],
    ["a snapshot", () => ["--from", snapshot]],
  ])("--decode shows objects of %s, version by version and field by field", async (_name, from) => {
    const history = await lite(["history", path, "--decode", ...from()]);
    expect(history).toMatchObject({ code: 0, stderr: "" });
    expect(parseAllDocuments(history.stdout).map((document) => document.toJS())).toMatchObject([
      { kind: "Pod", metadata: { resourceVersion: first }, spec: { nodeName: "node-1", note: "a" } },
      { kind: "Pod", spec: { nodeName: "node-2" } },
    ]);
    const lines = await lite(["history", path, "--decode", "-w", "json", ...from()]);
    expect(JSON.parse(lines.stdout.split("\n")[0] ?? "")).toMatchObject({
      revision: Number(first),
      type: "put",
      object: { metadata: { name: "moving" } },
    });
    const diff = await lite(["diff", path, "--from-rev", first, "--decode", ...from()]);
    expect(diff).toMatchObject({ code: 0, stderr: "" });
    expect(diff.stdout).toContain(`~ ${path}\n`);
    expect(diff.stdout).toContain('    spec.nodeName: "node-1" -> "node-2"\n');
    expect(diff.stdout).toContain('    spec.note: "a" -> absent\n');
  });

  test("of what is not keelson's shows the text, and how long it was", async () => {
    const { stdout } = await lite(["history", "plain", "--decode"]);
    expect(parseAllDocuments(stdout).map((document) => String(document.toJS()))).toEqual(["1", "22"]);
    const diff = await lite(["diff", "plain", "--from-rev", String(plain), "--decode"]);
    expect(diff.stdout).toBe("~ plain\n    1 bytes -> 2 bytes\n");
  });
});

test.each([
  ["no JSON", { KEELSON_KEYS: "k1=abc" }, "KEELSON_KEYS holds no encryption keys: it is no JSON"],
  ["no keys", { KEELSON_KEYS: "{}" }, 'it has no "keys"'],
  ["a key without an id", { KEELSON_KEYS: '{"keys":[{"key":""}]}' }, "a key has no id"],
  ["a short key", { KEELSON_KEYS: '{"keys":[{"id":"k1","key":"AAAA"}]}' }, 'key "k1" is not 32 bytes'],
  ["keys given twice", { KEELSON_KEYS: "{}", KEELSON_KEYS_FILE: "f" }, "use one of them"],
])("encryption keys are refused with a reason: %s", async (_name, env, why) => {
  const { code, stdout, stderr } = await lite(["get", "/registry/pods/default/web-1", "--decode"], { env });
  expect({ code, stdout }).toEqual({ code: 128, stdout: "" });
  expect(stderr).toContain(why);
});

describe("reading", () => {
  // A store that closed while its machine stood still has left its lease, whose end is a revision.
  beforeAll(() =>
    vi.waitFor(async () => expect(await lab.etcd.leases.list()).toEqual([]), { timeout: 100_000 }),
  );

  test.each([
    [["get", "/registry/", "--prefix", "--decode"]],
    [["resources", "get", "pods"]],
    [["resources", "get", "secrets"]],
    [["resources", "get", "pods", "--registry", "/nobody"]],
    [["quota", "list"]],
    [["quota", "list", "--registry", "/nobody"]],
    [["history", "/registry/pods/default/web-1"]],
    [["endpoint", "health", "--cluster"]],
    [["doctor"]],
  ])("%j leaves etcd's revision and its leases as they were", async (args) => {
    const before = await revision();
    const leases = await lab.etcd.leases.list();
    await lite(args);
    expect(await revision()).toBe(before);
    expect(await lab.etcd.leases.list()).toEqual(leases);
  });
});

describe("quota reconcile", () => {
  test("counts every kind on record, and finds a sound ledger sound", async () => {
    await using store = await createStore({
      etcd: lab.etcd,
      kinds: [kinds.pods],
      prefix: "/counted",
      compaction: false,
    });
    const made = await store
      .resources(kinds.pods)
      .createMany([
        { metadata: { name: "a", namespace: "default" } },
        { metadata: { name: "b", namespace: "default" } },
      ]);
    expect(made).toHaveLength(2);
    await lite(["quota", "set", "default", "count/pods=5", "--registry", "/counted"]);
    const reconciled = await lite(["quota", "reconcile", "--registry", "/counted"]);
    expect(reconciled).toMatchObject({ code: 0, stdout: "1 ledger checked, 0 corrected\n" });
    expect((await store.quotas.get("default")).used).toEqual({ "count/pods": 2 });
  });

  test("without the key takes nothing from a ledger for what it cannot read, and says how much that is", async () => {
    const sealed = { secrets: aesGcm({ keys: [{ id: "k1", key }] }) };
    await using store = await createStore({
      etcd: lab.etcd,
      kinds: [kinds.secrets],
      prefix: "/unopened",
      transforms: sealed,
      compaction: false,
    });
    const labels = { app: "web" };
    for (const name of ["a", "b"]) {
      await store.resources(kinds.secrets).create({ metadata: { name, namespace: "default", labels } });
    }
    const hard = { "count/secrets": 5 };
    // Whether an object is among those of a selector, only its inside tells; how many there are, their keys.
    await store.quotas.set("default", { name: "web", hard, labelSelector: "app=web" });
    await store.quotas.set("default", { name: "all", hard });
    const used = async () => (await store.quotas.list()).map((quota) => [quota.name, quota.used]);
    const both = [
      ["all", { "count/secrets": 2 }],
      ["web", { "count/secrets": 2 }],
    ];
    const reconcile = ["quota", "reconcile", "--registry", "/unopened"];
    expect(await lite(reconcile)).toMatchObject({
      code: 0,
      stdout: "2 ledgers checked, 0 corrected\n",
      stderr: expect.stringMatching(
        /^2 objects are counted by key and size alone.*--keys-file.*quota reconcile\n$/,
      ),
    });
    expect(await used()).toEqual(both);
    expect(await lite([...reconcile, "--keys-file", keysFile])).toMatchObject({
      code: 0,
      stdout: "2 ledgers checked, 0 corrected\n",
      stderr: "",
    });
    expect(await used()).toEqual(both);
  });
});
