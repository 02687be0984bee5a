/**
 * A bucket whose listings lag behind its puts and deletes, as those of object stores once did and of some still do. Objects
 * themselves are read as they were written. Nothing acknowledged is lost, a prune removes nothing that a backup names, and the
 * lock, which asks for no listing, has one holder.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type BackupRepository, openRepository } from "keelson/backup";
import { describe, expect, test } from "vitest";
import type { RepositoryBackend } from "../../../../src/backup/repository/backend/backend.ts";
import { openS3Backend } from "../../../../src/backup/repository/s3/s3-backend.ts";
import { backendConformance } from "../../../../src/testing/backend-conformance.ts";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { tempFolder } from "../../../support/etcd/snapshot-lab.ts";
import { S3Server } from "../../../support/peers/s3-server.ts";

const behinds = [1, 40, 10_000];

const reach = (server: S3Server) => ({ endpoint: server.endpoint, credentials: server.credentials });

describe("a repository over a listing that is behind", () => {
  const lab = etcdForAll();

  /** Opened anew for each call: what one process remembers must not be what saves it. */
  const open = (server: S3Server): Promise<BackupRepository> =>
    openRepository({ directory: "s3://backups/prod", s3: reach(server) });

  /** Every manifest there is names chunks that are there, whatever a listing shows. */
  const isWhole = async (server: S3Server): Promise<void> => {
    for (const [key, { bytes }] of server.objects) {
      if (!key.includes("/backups/")) continue;
      const { body } = JSON.parse(bytes.toString()) as { readonly body: string };
      const { chunks } = JSON.parse(body) as { readonly chunks: readonly string[] };
      const missing = chunks.filter((name) => !server.objects.has(`prod/chunks/${name.slice(0, 2)}/${name}`));
      expect(missing, key).toEqual([]);
    }
  };

  test.each(behinds)("by %i changes: fulls, deltas and prunes, one after the other", async (behind) => {
    await using folder = await tempFolder();
    await using server = await S3Server.start();
    server.listingBehind = behind;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) {
        await lab.etcd.kv.put({ key: `/of-round/${round % 2}/${i}`, value: randomBytes(60_000) });
      }
      const full = await (await open(server)).backup(lab.etcd);
      await isWhole(server);
      expect((await (await open(server)).list()).at(-1)?.id).toBe(full.backup.id);
      await lab.etcd.kv.put({ key: "/last", value: `${round}` });
      const delta = await (await open(server)).delta(lab.etcd);
      expect(delta?.backup).toMatchObject({ kind: "delta", previous: full.backup.id });
      // What the next full would use again goes now, and the listing still shows it then.
      await (await open(server)).prune({ keepLast: 1 });
      await isWhole(server);
    }
    // The state of the first round comes back: its chunks were removed, and may still be listed.
    const kvs = await lab.etcd.kv.range({ key: "/of-round/", rangeEnd: "/of-round0" });
    await lab.etcd.kv.deleteRange({ key: "/of-round/", rangeEnd: "/of-round0" });
    await (await open(server)).backup(lab.etcd);
    await (await open(server)).prune({ keepLast: 1 });
    for (const { key, value } of kvs.kvs) await lab.etcd.kv.put({ key, value });
    const last = await (await open(server)).backup(lab.etcd);
    await isWhole(server);
    const [endpoint = ""] = lab.local.endpoints;
    const { hash } = await lab.etcd.maintenance.hashKv(BigInt(last.backup.lastRevision), { endpoint });
    const report = await (await open(server)).restore({
      dataDir: join(folder.path, "restored"),
      bumpRevision: false,
      allowLivePeers: true,
    });
    expect(report).toMatchObject({ hashKv: hash, toRevision: last.backup.lastRevision });
    expect(await (await open(server)).verify()).toEqual({ ok: true, problems: [] });
  });

  test("a chunk that a killed backup left is asked for by its name before it is used", async () => {
    await using server = await S3Server.start();
    await lab.etcd.kv.put({ key: "/large", value: randomBytes(300_000) });
    // Closed at the manifest: chunks are there, and nothing names them.
    server.misdeed = ({ method, key }) =>
      method === "PUT" && key.includes("/backups/") ? { status: 403, code: "AccessDenied" } : undefined;
    await expect((await open(server)).backup(lab.etcd)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    server.misdeed = () => undefined;
    const left = [...server.objects.keys()].filter((key) => key.includes("/chunks/"));
    expect(left.length).toBeGreaterThan(4);
    server.listingBehind = 10_000;
    // Removed, and still listed.
    const removed = await (await open(server)).prune({ keepLast: 1 });
    expect(removed.chunks).toBe(left.length);
    await (await open(server)).backup(lab.etcd);
    await isWhole(server);
    expect(server.count("HEAD", "prod/chunks/")).toBeGreaterThan(0);
  });
});

describe("the lock, without a listing", () => {
  const open = (server: S3Server): Promise<RepositoryBackend> =>
    openS3Backend("s3://backups/prod", reach(server));
  const locking = backendConformance.filter(({ name }) => name.includes("lock"));

  // A server that keeps to it is what every other test has.
  test.each(["ignored", "refused"] as const)("If-None-Match %s: one holder", async (conditions) => {
    expect(locking.length).toBe(2);
    for (const { run } of locking) {
      await using server = await S3Server.start();
      server.conditions = conditions;
      server.listingBehind = 10_000;
      await run(() => open(server));
    }
  });

  test("a claim whose answers are lost is one's own, and a release whose answer is lost takes nobody else's", async () => {
    await using server = await S3Server.start();
    let changes = 0;
    server.misdeed = ({ method, key }) =>
      key === "prod/locks/writer" && method !== "GET" && ++changes % 2 === 1 ? "applied, cut" : undefined;
    for (let i = 0; i < 4; i++) {
      const backend = await open(server);
      const held = await backend.lock();
      await backend.write("backups/a.json", Buffer.from("a"));
      await held[Symbol.asyncDispose]();
      expect(server.objects.has("prod/locks/writer")).toBe(false);
    }
    expect(changes).toBeGreaterThan(8);
  }, 60_000);

  test("a dead claim is taken over by one of several", async () => {
    await using server = await S3Server.start();
    await (await open(server)).lock();
    server.clockMs += 61_000;
    const claims = await Promise.allSettled(
      (await Promise.all([1, 2, 3, 4].map(() => open(server)))).map((backend) => backend.lock()),
    );
    expect(claims.filter(({ status }) => status === "fulfilled").length).toBe(1);
  }, 60_000);
});
