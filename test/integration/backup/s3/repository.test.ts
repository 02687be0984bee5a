/** Whole repositories in a bucket, on a real etcd, with a server that misbehaves all the while. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openRepository } from "keelson/backup";
import { startLocalEtcd } from "keelson/etcd";
import { expect, test } from "vitest";
import { clientOf, runWorkload, tempFolder } from "../../../support/etcd/snapshot-lab.ts";
import { S3Server } from "../../../support/peers/s3-server.ts";

test("full, deltas, prune and restore in a bucket whose server fails every fifth request; a chunk is uploaded once", async () => {
  await using folder = await tempFolder();
  await using local = await startLocalEtcd();
  await using etcd = await clientOf(local);
  await using server = await S3Server.start();
  const ways = [{ status: 503, code: "SlowDown" }, "cut", "applied, cut", "flipped"] as const;
  server.misdeed = ({ number }) => (number % 5 === 0 ? ways[(number / 5) % ways.length] : undefined);
  const repository = await openRepository({
    directory: "s3://backups/prod/etcd",
    s3: { endpoint: server.endpoint, credentials: server.credentials },
    encryptionKey: randomBytes(32),
    signingKey: randomBytes(32),
  });
  await etcd.kv.put({ key: "/secret", value: "very-secret-text" });
  await runWorkload(etcd, { seed: 1, steps: 60 });
  for (let i = 0; i < 10; i++) await etcd.kv.put({ key: `/large/${i}`, value: randomBytes(100_000) });
  const full = await repository.backup(etcd);
  expect(full.newBytes).toBeGreaterThan(1_000_000);
  const puts = server.asked.filter(({ method, key }) => method === "PUT" && key.includes("/chunks/"));
  const served = new Set(puts.map(({ key }) => key));
  expect(served.size).toBe(new Set(full.backup.chunks).size);
  // One listing told what is there: no question for each chunk.
  expect(server.count("HEAD", "prod/etcd/chunks/")).toBe(0);

  await runWorkload(etcd, { seed: 2, steps: 30, compact: "never" });
  const delta = await repository.delta(etcd);
  expect(delta?.backup.kind).toBe("delta");
  const again = await repository.backup(etcd);
  expect(again.newBytes).toBeLessThan(full.newBytes / 2);
  for (const { bytes } of server.objects.values()) expect(bytes.includes("very-secret-text")).toBe(false);

  const [endpoint = ""] = local.endpoints;
  const { hash } = await etcd.maintenance.hashKv(BigInt(again.backup.lastRevision), { endpoint });
  const report = await repository.restore({ dataDir: join(folder.path, "restored"), bumpRevision: false });
  expect(report.hashKv).toBe(hash);
  expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  const pruned = await repository.prune({ keepLast: 1 });
  expect(pruned.removed).toContain(full.backup.id);
  expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  expect([...server.objects.keys()].filter((key) => key.includes("/locks/"))).toEqual([]);
});

test("a backup whose bucket is closed to it is refused by its code or is whole: no manifest names a chunk that is not there", async () => {
  await using local = await startLocalEtcd();
  await using etcd = await clientOf(local);
  await etcd.kv.put({ key: "/a", value: randomBytes(400_000) });
  await using server = await S3Server.start();
  const options = {
    directory: "s3://backups/x",
    s3: { endpoint: server.endpoint, credentials: server.credentials },
  };
  // Access is lost at one request after the other: what is refused is told at once, without tries.
  for (let at = 2; at < 14; at++) {
    server.clear();
    const repository = await openRepository(options);
    const begun = server.asked.length;
    server.misdeed = ({ number }) =>
      number >= begun + at ? { status: 403, code: "AccessDenied" } : undefined;
    const outcome = await repository.backup(etcd).catch((error: unknown) => error);
    server.misdeed = () => undefined;
    const { problems } = await (await openRepository(options)).verify();
    expect(problems).toEqual([]);
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "PERMISSION_DENIED" });
  }
});

test("keys are replaced: old backups stay readable, new ones use the new key, and a lost key is noticed before a backup", async () => {
  await using folder = await tempFolder();
  await using local = await startLocalEtcd();
  await using etcd = await clientOf(local);
  const directory = join(folder.path, "repository");
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  const [oldSign, newSign] = [randomBytes(16), randomBytes(16)];
  const open = (encryptionKey: readonly Uint8Array[], signingKey: readonly Uint8Array[]) =>
    openRepository({ directory, encryptionKey, signingKey });
  await etcd.kv.put({ key: "/a", value: randomBytes(200_000) });
  const first = await (await open([oldKey], [oldSign])).backup(etcd);
  // Without the old keys a writer would leave a repository that nobody can read as a whole.
  for (const [keys, signs, argument] of [
    [[newKey], [oldSign], "encryptionKey"],
    [[oldKey], [newSign], "signingKey"],
    [[], [oldSign], "encryptionKey"],
    [[oldKey], [], "signingKey"],
  ] as const) {
    const repository = await open(keys, signs);
    await expect(repository.backup(etcd)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument },
    });
  }
  const both = await open([newKey, oldKey], [newSign, oldSign]);
  await etcd.kv.put({ key: "/b", value: "b" });
  const second = await both.backup(etcd);
  expect(second.backup.chunks.some((name) => first.backup.chunks.includes(name))).toBe(false);
  expect(await both.verify()).toEqual({ ok: true, problems: [] });
  const [before] = await both.list();
  await both.restore({
    dataDir: join(folder.path, "old"),
    toRevision: before?.lastRevision,
    bumpRevision: false,
    allowLivePeers: true,
  });
  // When the last backup of the old keys has gone, the new ones are enough.
  await both.prune({ keepLast: 1 });
  const fresh = await open([newKey], [newSign]);
  expect(await fresh.verify()).toEqual({ ok: true, problems: [] });
  expect((await fresh.list()).map(({ id }) => id)).toEqual([second.backup.id]);
});
