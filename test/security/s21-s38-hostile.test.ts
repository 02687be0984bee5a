/**
 * What comes from outside and is not what it should be: floods of watches, sealed values, backups, answers of etcd and
 * its watch messages, and the packages this one is made of. Numbers are those of the security list, all 38 of which have a test (every-number.test.ts).
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStore, createWatchCache, type Kind, type Resource } from "keelson";
import { inspectSnapshot, openRepository, restoreSnapshot, verifySnapshot } from "keelson/backup";
import { aesGcm } from "keelson/codec";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import type { KvEvent } from "../../src/etcd/ports/watches.ts";
import { WatchAssembly } from "../../src/etcd/watch/watch-assembly.ts";
import { decodeRangeResponse } from "../../src/etcd/wire/kv.ts";
import { rangeResponse } from "../../src/etcd/wire/kv-server.ts";
import { MemoryLab } from "../support/etcd/memory-lab.ts";
import { namespacedKind } from "../support/kinds.ts";
import { recordedEtcd } from "../support/recorded-requests.ts";

interface Secret extends Resource {
  data: { text: string };
}
const secretKind: Kind<Secret> = namespacedKind<Secret>("Secret");
const project = fileURLToPath(new URL("../..", import.meta.url));
const secret = (name: string, text: string) => ({ metadata: { namespace: "default", name }, data: { text } });
const transforms = { secrets: aesGcm({ keys: [{ id: "k1", key: new Uint8Array(32).fill(7) }] }) };

test("S21: 2,000 watches of a cache, opened and closed in a storm, one never read: one watch of etcd, the others have everything", async () => {
  await using etcd = memoryEtcd();
  const recorded = recordedEtcd(etcd);
  const options = { etcd: recorded.etcd, kinds: [secretKind], compaction: false } as const;
  await using store = await createStore(options);
  const secrets = store.resources(secretKind);
  await using cache = createWatchCache(secrets);
  await cache.ready();
  const never = cache.watch({ namespace: "default" });
  await never.ready();
  const watches = Array.from({ length: 2_000 }, () => cache.watch({ namespace: "default" }));
  await Promise.all(watches.map((watch) => watch.ready()));
  // Half of them go at once; the rest must be told of everything.
  await Promise.all(watches.slice(1_000).map((watch) => watch[Symbol.asyncDispose]()));
  const told = watches.slice(0, 1_000).map(async (watch) => {
    const names: string[] = [];
    for await (const event of watch) {
      if (event.type !== "BOOKMARK") names.push(event.object.metadata.name);
      if (names.length === 20) break;
    }
    return names.join();
  });
  for (let i = 0; i < 20; i++) await secrets.create(secret(`s-${i}`, "x"));
  expect(new Set(await Promise.all(told))).toEqual(
    new Set([Array.from({ length: 20 }, (_, i) => `s-${i}`).join()]),
  );
  expect(cache.stats().watchers).toBe(1);
  expect(recorded.requests.filter((asked) => /^open .*"\/registry\/secrets\//.test(asked))).toHaveLength(1);
  await never[Symbol.asyncDispose]();
  expect(cache.stats().watchers).toBe(0);
});

describe("sealed values", () => {
  test("S23: an older sealed value put back under its own key opens, as the documents say, and is a new version to everybody", async () => {
    await using lab = new MemoryLab();
    const etcd = lab.connect();
    await using store = await createStore({ etcd, kinds: [secretKind], transforms, compaction: false });
    const secrets = store.resources(secretKind);
    const made = await secrets.create(secret("s", "old"));
    const key = "/registry/secrets/default/s";
    const older = (await etcd.kv.range({ key })).kvs[0]?.value ?? new Uint8Array(0);
    const newer = await secrets.update({ ...made, data: { text: "new" } });
    await etcd.kv.put({ key, value: older });
    const back = await secrets.get({ namespace: "default", name: "s" });
    expect(back.data.text).toBe("old");
    expect(BigInt(back.metadata.resourceVersion)).toBeGreaterThan(BigInt(newer.metadata.resourceVersion));
    const pages = ["encryption.md", "guarantees.md"].map((page) =>
      readFile(join(project, "docs", page), "utf8"),
    );
    for (const text of await Promise.all(pages)) expect(text).toMatch(/older (sealed value|ciphertext)/);
  });

  test("S25: a value that is empty, cut to a short tag, under an unknown key or with its nonce zeroed is CORRUPT_OBJECT", async () => {
    await using lab = new MemoryLab();
    const etcd = lab.connect();
    await using store = await createStore({ etcd, kinds: [secretKind], transforms, compaction: false });
    const secrets = store.resources(secretKind);
    await secrets.create(secret("s", "text"));
    const key = "/registry/secrets/default/s";
    const sealed = (await etcd.kv.range({ key })).kvs[0]?.value.slice() ?? new Uint8Array(0);
    const at = Buffer.from(sealed).indexOf("k1");
    expect(at).toBeGreaterThan(0);
    const otherKey = sealed.slice();
    otherKey[at] = "j".charCodeAt(0);
    const zeroed = sealed.slice();
    zeroed.fill(0, at + 2, at + 2 + 32);
    for (const bad of [
      new Uint8Array(0),
      sealed.slice(0, -4),
      sealed.slice(0, -12),
      sealed.slice(0, at),
      otherKey,
      zeroed,
    ]) {
      await etcd.kv.put({ key, value: bad });
      await expect(secrets.get({ namespace: "default", name: "s" })).rejects.toMatchObject({
        code: "CORRUPT_OBJECT",
      });
    }
  });
});

test("S30: a backup's manifest that names paths instead of chunks, or itself by one, is CORRUPT_SNAPSHOT and leads nowhere", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-s30-"));
  try {
    const outside = join(folder, "outside.json");
    await writeFile(outside, "kept");
    const directory = join(folder, "repository");
    const repository = await openRepository({ directory });
    await mkdir(join(directory, "backups"), { recursive: true });
    const sound = {
      format: "keelson-backup/1",
      id: "20260101T000000Z-full-5-abc",
      kind: "full",
      createdAt: "2026-01-01T00:00:00.000Z",
      clusterId: "1",
      lastRevision: "5",
      sha256: "0".repeat(64),
      sizeBytes: 10,
      chunks: ["a".repeat(64)],
      marks: [],
      hashKv: 1,
      compactRevision: "0",
      proved: "self",
    };
    const bad = [
      { chunks: ["../../outside.json"] },
      { chunks: ["/etc/passwd"] },
      { chunks: [`${"a".repeat(64)}/../x`] },
      { chunks: [5] },
      { id: "../../outside" },
      { id: "/outside" },
      { id: "a/b" },
      { id: "" },
    ];
    const path = join(directory, "backups", `${sound.id}.json`);
    await writeFile(path, JSON.stringify({ body: JSON.stringify(sound) }));
    expect(await repository.list()).toHaveLength(1);
    for (const change of bad) {
      await writeFile(path, JSON.stringify({ body: JSON.stringify({ ...sound, ...change }) }));
      await expect(repository.list(), JSON.stringify(change)).rejects.toMatchObject({
        code: "CORRUPT_SNAPSHOT",
      });
      await expect(repository.prune({ keepLast: 0 })).rejects.toThrow();
    }
    expect(await readFile(outside, "utf8")).toBe("kept");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("S30: a device, a pipe nobody writes to and a directory are refused as snapshots, none is waited for", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-s30-"));
  try {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const path of ["/dev/zero", "/dev/null", pipe, folder]) {
      const works = [
        () => inspectSnapshot(path),
        () => verifySnapshot(path),
        () => restoreSnapshot(path, { dataDir: join(folder, "restored") }),
      ];
      for (const work of works) {
        await expect(work(), path).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    }
    expect(await readdir(folder)).toEqual(["pipe"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describe("S35: an answer of etcd that cannot be one", () => {
  const kv = (key: string) => ({
    key: Buffer.from(key),
    value: Buffer.from("v"),
    createRevision: 2n,
    modRevision: 2n,
    version: 1n,
    lease: 0n,
  });
  test.each([
    ["more keys than the limit", { key: "/a/", rangeEnd: "/a0", limit: 1 }, ["/a/1", "/a/2"], 2n],
    ["more keys than it counts", { key: "/a/", rangeEnd: "/a0" }, ["/a/1", "/a/2"], 1n],
    ["a key before the range", { key: "/a/", rangeEnd: "/a0" }, ["/a", "/a/2"], 2n],
    ["a key behind the range", { key: "/a/", rangeEnd: "/a0" }, ["/a/1", "/a0"], 2n],
    ["another key than the one asked for", { key: "/a/1" }, ["/a/2"], 1n],
    ["two answers for one key", { key: "/a/1" }, ["/a/1", "/a/1"], 2n],
  ])("%s is UNAVAILABLE, never a result", async (_, request, keys, count) => {
    await using lab = new MemoryLab();
    const etcd = lab.connect({
      answer: (method, bytes, server) => {
        const reply = server.call(method, bytes);
        if (method !== "/etcdserverpb.KV/Range") return reply;
        const { header } = decodeRangeResponse(reply);
        return rangeResponse.encode({ header, kvs: keys.map(kv), more: false, count });
      },
    });
    await expect(etcd.kv.range(request)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

test("S36: fragments of one revision that never end are a fault of the stream once they are more than any revision", () => {
  const range = { key: Buffer.from("/a/"), rangeEnd: Buffer.from("/a0") };
  const assembly = new WatchAssembly(range, 5n);
  const value = new Uint8Array(1024 * 1024);
  const event: KvEvent = {
    type: "put",
    kv: { key: Buffer.from("/a/x"), value, createRevision: 5n, modRevision: 5n, version: 1n, lease: 0n },
  };
  let fragments = 0;
  let result = assembly.add({ events: [event], fragment: true });
  while (result.type === "none" && fragments++ < 1_000)
    result = assembly.add({ events: [event], fragment: true });
  expect(result).toMatchObject({ type: "fault", reason: expect.stringMatching(/does not end/) as string });
});

describe("S38: dependencies", () => {
  interface Lock {
    readonly packages: Readonly<
      Record<
        string,
        {
          readonly dev?: boolean;
          readonly hasInstallScript?: boolean;
          readonly integrity?: string;
          readonly optional?: boolean;
        }
      >
    >;
  }
  test("no package of a production install runs a script when it is installed, and each is pinned by its hash", async () => {
    const lock = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")) as Lock;
    const shipped = Object.entries(lock.packages).filter(
      ([name, { dev, optional }]) => name !== "" && dev !== true && optional !== true,
    );
    expect(shipped.length).toBeGreaterThan(5);
    for (const [name, { hasInstallScript, integrity }] of shipped) {
      // grpc's protobufjs prints a version notice when installed, and does nothing else.
      if (name !== "node_modules/protobufjs") expect(hasInstallScript, name).toBeUndefined();
      expect(integrity, name).toMatch(/^sha512-/);
    }
  });

  test("no configuration names code to be loaded", async () => {
    const { scripts } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const hook of ["preinstall", "install", "postinstall", "prepare"])
      expect(scripts[hook]).toBeUndefined();
    const { connectEtcd } = await import("keelson/etcd");
    await expect(
      connectEtcd({ endpoints: "http://127.0.0.1:1", transport: "../../../tmp/evil.js" }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
