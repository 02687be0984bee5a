/** What the page's server answers, against a real etcd: data, refusals, what it conceals, what it writes when it may. */
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { openRepository } from "keelson/backup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderForAll } from "../../../support/for-all.ts";
import { until } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";
import { ServedPage } from "./served-page.ts";
import { type ShopCluster, sealingKeysFile, startShopCluster } from "./shop-cluster.ts";

let shop: ShopCluster;
let served: ServedPage;
const token = "a token of 24 characters";

const encoded = (text: string): string => Buffer.from(text).toString("base64url");
const revision = async (): Promise<bigint> => (await shop.etcd.kv.range({ key: "x" })).header.revision;

const dir = folderForAll();

beforeAll(async () => {
  shop = await startShopCluster();
  await writeFile(join(dir.path, "keys.json"), sealingKeysFile);
  await writeFile(join(dir.path, "token"), `${token}\n`);
  served = await ServedPage.start(shop.local.endpoints, [`--keys-file=${join(dir.path, "keys.json")}`]);
});
afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
});

describe("the tree", () => {
  test("has every kind and folder with its keys and bytes, and follows what changes", async () => {
    const kind = async (label: string) =>
      (await served.json("/api/tree")).nodes.find((node: { label: string }) => node.label === label);
    await until(async () => (await served.json("/api/tree")).counting === undefined);
    expect(await kind("pods")).toMatchObject({ type: "kind", keys: 72 });
    expect((await kind("pods")).children.map(({ label }: { label: string }) => label)).toEqual([
      "billing",
      "checkout",
      "shop",
      "warehouse",
    ]);
    expect(await kind("nodes")).toMatchObject({ type: "kind", keys: 3, children: [] });
    expect(await kind("creditcards.shop.example")).toMatchObject({ type: "kind", keys: 1 });
    expect(await kind("/config/")).toMatchObject({ type: "folder", keys: 2 });
    const { count } = await shop.etcd.kv.range({ key: "\0", rangeEnd: "\0", countOnly: true });
    expect((await served.json("/api/tree")).keys).toBe(Number(count));
    await shop.etcd.kv.put({ key: "/tree/new", value: "12345" });
    await until(async () => (await kind("/tree/"))?.bytes === "/tree/new".length + 5);
    await shop.etcd.kv.deleteRange({ key: "/tree/new" });
    await until(async () => (await kind("/tree/")) === undefined);
  });
});

describe("keys", () => {
  test("come page by page, all of one revision, each once", async () => {
    const prefix = encoded("/registry/pods/");
    const first = await served.json(`/api/keys?prefix=${prefix}&limit=50`);
    expect(first).toMatchObject({ count: "72", more: true });
    await shop.etcd.kv.put({ key: "/registry/pods/zzz/late", value: "x" });
    const after = first.keys.at(-1).key;
    const rest = await served.json(
      `/api/keys?prefix=${prefix}&limit=50&after=${after}&revision=${first.revision}`,
    );
    await shop.etcd.kv.deleteRange({ key: "/registry/pods/zzz/late" });
    expect(rest).toMatchObject({ more: false, revision: first.revision });
    const texts = [...first.keys, ...rest.keys].map(({ text }) => text);
    expect(texts).toHaveLength(72);
    expect(new Set(texts).size).toBe(72);
    expect(texts).toEqual([...texts].sort());
  });

  test.each([
    ["/api/keys?prefix=%%%", 400],
    ["/api/keys?prefix=&limit=0", 400],
    ["/api/keys?prefix=&limit=100000", 400],
    ["/api/keys?prefix=&revision=-1", 400],
    ["/api/key", 400],
    [`/api/key?key=${encoded("/no/such/key")}`, 400],
    ["/api/nothing", 404],
    ["/main.ts", 404],
    ["/..%2fui.ts", 404],
    ["/views/../../ui.ts", 404],
    ["/views/", 404],
    ["/page-assets.ts", 404],
  ])("%s is answered with a sentence", async (path, status) => {
    const response = await served.get(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(/^[A-Z].*\.$/) });
  });
});

describe("a value", () => {
  const story = (key: string, more = "") => served.json(`/api/key?key=${encoded(key)}${more}`);

  test("of Kubernetes' is an object, of another program's text or bytes", async () => {
    const web = await story("/registry/deployments/shop/web");
    expect(web).toMatchObject({ kind: "Deployment", form: "Kubernetes' protobuf", version: "4" });
    expect(web.value).toMatchObject({ type: "yaml", text: expect.stringContaining("replicas: 6") });
    expect((await story("/config/frontend/flags")).value).toMatchObject({
      type: "text",
      text: expect.stringContaining('"share": 0.25'),
    });
    expect((await story("/flannel/leases/node-1")).value).toMatchObject({
      type: "hex",
      text: expect.stringContaining("00 01 02 fe ff"),
    });
  });

  test("as of an older revision is that one", async () => {
    const [newest, before] = await served.json(
      `/api/versions?key=${encoded("/registry/deployments/shop/web")}`,
    );
    expect(newest.changes).toContainEqual({ path: "spec.replicas", from: "4", to: "6" });
    const old = await story("/registry/deployments/shop/web", `&revision=${before.revision}`);
    expect(old).toMatchObject({ revision: before.revision });
    expect(old.value.text).toContain("replicas: 4");
  });

  test("a deletion is a version, too", async () => {
    await shop.etcd.kv.put({ key: "/gone", value: "1" });
    await shop.etcd.kv.put({ key: "/gone", value: "2" });
    await shop.etcd.kv.deleteRange({ key: "/gone" });
    const versions = await served.json(`/api/versions?key=${encoded("/gone")}`);
    expect(versions.map(({ type }: { type: string }) => type)).toEqual(["delete", "put", "put"]);
    expect(versions[1].changes).toEqual([{ path: "value", from: "1", to: "2" }]);
  });
});

describe("what is secret", () => {
  const secrets = [
    ["/registry/secrets/shop/database", "tr0ub4dor-shop"],
    ["/registry/shop.example/creditcards/billing/customer-17", "4111 1111 1111 1111"],
  ] as const;

  test.each(secrets)("%s does not leave the server unless it is asked for", async (key, hidden) => {
    const base64 = Buffer.from(hidden).toString("base64");
    const plain = await (await served.get(`/api/key?key=${encoded(key)}`)).text();
    expect(plain).not.toContain(hidden);
    expect(plain).not.toContain(base64);
    expect(JSON.parse(plain)).toMatchObject({ revealed: false, secret: expect.any(String) });
    const shown = await (await served.get(`/api/key?key=${encoded(key)}&reveal=1`)).text();
    expect(shown.includes(hidden) || shown.includes(base64)).toBe(true);
  });

  test("not in a history, and not in kubectl's copy of the object in an annotation", async () => {
    const kind = shop.store.kinds.find((one) => one.kind === "Secret");
    if (kind === undefined) throw new Error("the shop has no Secrets");
    await shop.store.resources(kind).guaranteedUpdate({ namespace: "shop", name: "database" }, (old) => ({
      ...old,
      metadata: {
        ...old.metadata,
        annotations: { "kubectl.kubernetes.io/last-applied-configuration": '{"data":"annotated-9731"}' },
      },
      data: { password: Buffer.from("changed-8642").toString("base64") },
    }));
    const key = encoded("/registry/secrets/shop/database");
    const texts = [
      await (await served.get(`/api/key?key=${key}`)).text(),
      await (await served.get(`/api/versions?key=${key}`)).text(),
    ].join();
    for (const hidden of ["annotated-9731", "changed-8642", "tr0ub4dor-shop"]) {
      expect(texts).not.toContain(hidden);
      expect(texts).not.toContain(Buffer.from(hidden).toString("base64"));
    }
    expect(texts).toContain("data.password");
  });

  test("without the key it is told which one, and nothing of it is shown", async () => {
    await using keyless = await ServedPage.start(shop.local.endpoints);
    const [[,], [key]] = secrets;
    const story = await keyless.json(`/api/key?key=${encoded(key)}`);
    expect(story).toMatchObject({ value: { type: "none", text: "" } });
    expect(story.fault).toMatch(/is encrypted under key "2026-01".*--keys-file/s);
  });

  test("a watch tells keys and sizes alone", async () => {
    const response = await served.get(`/api/watch?prefix=${encoded("/watched/")}`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const read = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) text += (await reader?.read())?.value ?? "";
    };
    await read(/event: ready/);
    await shop.etcd.kv.put({ key: "/elsewhere", value: "not this" });
    await shop.etcd.kv.put({ key: "/watched/a", value: "hidden-value" });
    await shop.etcd.kv.put({ key: "/watched/a", value: "hidden-value-2" });
    await shop.etcd.kv.deleteRange({ key: "/watched/a" });
    await read(/"deleted"/);
    await reader?.cancel();
    expect([...text.matchAll(/"type":"(\w+)"/g)].map(([, type]) => type)).toEqual([
      "added",
      "changed",
      "deleted",
    ]);
    expect(text).not.toMatch(/hidden-value|elsewhere/);
  });
});

describe("the views", () => {
  test("members, alarms, quotas", async () => {
    const cluster = await served.json("/api/cluster");
    expect(cluster).toMatchObject({ alarms: [], members: [{ isLeader: true, faults: [] }] });
    expect(cluster.members[0].version).toBe(shop.local.version);
    const quotas = await served.json("/api/quotas");
    const owners = quotas.map(({ namespace }: { namespace: string }) => namespace);
    expect(owners.sort()).toEqual(["shop", "warehouse"]);
    expect(quotas.find((quota: { namespace: string }) => quota.namespace === "warehouse").used).toMatchObject(
      {
        "count/pods": 18,
      },
    );
  });

  test("a repository's backups and the status of a backup run; a damaged status is told", async () => {
    const repository = join(dir.path, "repository");
    const opened = await openRepository({ directory: repository });
    await opened.backup(shop.etcd);
    const status = join(dir.path, "status.json");
    await writeFile(status, "half a sta");
    await using page = await ServedPage.start(shop.local.endpoints, [
      `--repository=${repository}`,
      `--status-file=${status}`,
    ]);
    const view = await page.json("/api/backups");
    expect(view.backups).toMatchObject([{ kind: "full", proved: "live" }]);
    expect(view.statusFault).toMatch(/JSON/);
    expect(await served.json("/api/backups")).not.toHaveProperty("backups");
  });

  test("looking changes nothing in etcd", async () => {
    const before = await revision();
    for (const path of ["tree", "cluster", "quotas", "backups", "about", "keys?prefix="]) {
      expect((await served.get(`/api/${path}`)).status).toBe(200);
    }
    expect(await revision()).toBe(before);
  });
});

describe("who may ask", () => {
  /** fetch sends a Host of its own. */
  const statusOf = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(served.url);
      const sent = request({ port, host: "127.0.0.1", path: "/api/tree", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject).end();
    });

  test("another name for this address, or another site's page, may not", async () => {
    expect(await statusOf({ host: "rebound.example" })).toBe(421);
    expect(await statusOf({ host: "localhost", origin: "http://evil.example" })).toBe(403);
    expect(await statusOf({ host: "localhost" })).toBe(200);
  });

  test("every answer forbids what the page does not need", async () => {
    for (const path of ["/", "/main.js", "/style.css", "/api/tree", "/nothing"]) {
      const { headers } = await served.get(path);
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self'/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("with a token only those who have it see anything of etcd", async () => {
    await using page = await ServedPage.start(shop.local.endpoints, [
      `--token-file=${join(dir.path, "token")}`,
    ]);
    for (const path of ["/api/tree", "/api/about", "/api/watch?prefix=", "/api/nothing"]) {
      expect((await page.get(path)).status).toBe(401);
    }
    expect((await page.get("/")).status).toBe(200);
    expect((await page.get("/api/tree", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await page.post("/api/session", { token: "wrong" })).status).toBe(401);
    const entered = await page.post("/api/session", { token });
    const cookie = entered.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect((await page.get("/api/tree", { cookie })).status).toBe(200);
  });

  test.each([
    [["--listen=0.0.0.0:0"], /give a token/],
    [["--listen=nowhere"], /expected host:port/],
    [["more"], /takes no arguments/],
  ])("ui %j is refused before it listens", async (flags, why) => {
    const { code, stderr, stdout } = await liteAt(shop.local.endpoints)(["ui", ...flags]);
    expect([code, stdout]).toEqual([128, ""]);
    expect(stderr).toMatch(why);
  });

  test("a token that can be guessed is refused", async () => {
    await writeFile(join(dir.path, "short"), "secret");
    const { code, stderr } = await liteAt(shop.local.endpoints)([
      "ui",
      `--token-file=${join(dir.path, "short")}`,
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/6 characters, expected at least 16/);
  });
});

describe("writes", () => {
  test("are refused, and none reaches etcd, on a page that is read-only", async () => {
    await shop.etcd.kv.put({ key: "/writes/a", value: "1" });
    const before = await revision();
    for (const path of ["/api/delete", "/api/put"]) {
      const body = { key: encoded("/writes/a"), modRevision: before.toString(), text: "2" };
      expect((await served.post(path, body)).status).toBe(403);
    }
    expect(await revision()).toBe(before);
  });

  test("with --allow-writes are of the version that was seen, and never of an object", async () => {
    await using page = await ServedPage.start(shop.local.endpoints, ["--allow-writes"]);
    await shop.etcd.kv.put({ key: "/writes/b", value: "1" });
    const key = encoded("/writes/b");
    const seen = (await page.json(`/api/key?key=${key}`)).revision;
    expect((await page.post("/api/put", { key, modRevision: seen, text: "2" })).status).toBe(200);
    const [kv] = (await shop.etcd.kv.range({ key: "/writes/b" })).kvs;
    expect(Buffer.from(kv?.value ?? []).toString()).toBe("2");
    const stale = await page.post("/api/delete", { key, modRevision: seen });
    expect(stale.status).toBe(400);
    expect(await stale.json()).toMatchObject({ error: expect.stringContaining("has changed since") });
    const now = (await page.json(`/api/key?key=${key}`)).revision;
    expect((await page.post("/api/delete", { key, modRevision: now })).status).toBe(200);
    expect((await shop.etcd.kv.range({ key: "/writes/b" })).kvs).toEqual([]);
    const pod = encoded("/registry/deployments/shop/web");
    const { revision: held, editable } = await page.json(`/api/key?key=${pod}`);
    expect(editable).toBe(false);
    const refused = await page.post("/api/put", { key: pod, modRevision: held, text: "{}" });
    expect(await refused.json()).toMatchObject({ error: expect.stringContaining("Only plain text") });
  });
});

describe("after a compaction", () => {
  test("a listing at what is compacted is 410, and the tree and a key's history go on", async () => {
    await shop.etcd.kv.put({ key: "/compacted", value: "1" });
    const before = await revision();
    await shop.etcd.kv.put({ key: "/compacted", value: "2" });
    await shop.etcd.kv.compact(await revision());
    expect((await served.get(`/api/keys?prefix=&revision=${before}`)).status).toBe(410);
    expect((await served.get("/api/tree")).status).toBe(200);
    const versions = await served.json(`/api/versions?key=${encoded("/compacted")}`);
    expect(versions).toMatchObject([{ type: "put", version: "2" }]);
  });
});
