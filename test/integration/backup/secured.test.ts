/**
 * Backups where things are locked: an etcd with TLS and passwords, and a repository signed with Ed25519, which whoever
 * has the public key alone can check and not write.
 */
import { generateKeyPairSync } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  inspectSnapshot,
  openRepository,
  restoreSnapshot,
  saveSnapshot,
  verifySnapshot,
} from "keelson/backup";
import { startLocalEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { CertificateAuthority, hasOpenssl } from "../../support/etcd/certificates.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { clientOf, tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { skipNote } from "../../support/skip-note.ts";

const withoutOpenssl = !(await hasOpenssl());
const password = "canary-77c1-password";

describe.each(await etcdBinaries())("on etcd $version", ({ path: binary }) => {
  // Certificates are made with the machine's openssl.
  test.skipIf(withoutOpenssl)(
    `a snapshot over TLS with a password is whole, boots for its proof, and its restore asks for passwords again${skipNote(withoutOpenssl, "no openssl on this machine")}`,
    { timeout: 120_000 },
    async () => {
      await using folder = await tempFolder();
      await using ca = await CertificateAuthority.create("keelson backup CA");
      const { certFile, keyFile } = await ca.issue("server", { names: ["IP:127.0.0.1"] });
      const tlsArgs = [`--cert-file=${certFile}`, `--key-file=${keyFile}`];
      const tls = { ca: ca.ca };
      const auth = { username: "root", password };
      await using local = await startLocalEtcd({ binary, extraArgs: [...tlsArgs, "--bcrypt-cost=4"] });
      {
        await using open = await connect(local.endpoints, { tls });
        await open.kv.put({ key: "/a", value: "1" });
        await open.auth.userAdd("root", { password });
        await open.auth.roleAdd("root");
        await open.auth.userGrantRole("root", "root");
        await open.auth.userAdd("guest", { password: "p" });
        await open.auth.enable();
      }
      await using etcd = await connect(local.endpoints, { tls, auth });
      const path = join(folder.path, "secured.db");
      const saved = await saveSnapshot(etcd, path);
      expect(saved).toMatchObject({ authEnabled: true, proved: "live" });
      expect(await inspectSnapshot(path)).toMatchObject({ authEnabled: true, hash: saved.hash });
      expect(await verifySnapshot(path, { boot: true, binary })).toMatchObject({ ok: true, proved: "boot" });

      await using guest = await connect(local.endpoints, { tls, auth: { username: "guest", password: "p" } });
      await expect(saveSnapshot(guest, join(folder.path, "guest.db"))).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
      });
      expect(await readdir(folder.path)).toEqual(["secured.db"]);

      const dataDir = join(folder.path, "restored");
      await restoreSnapshot(path, { dataDir });
      await using again = await startLocalEtcd({ binary, dataDir, extraArgs: tlsArgs });
      await using nobody = await connect(again.endpoints, { tls });
      await expect(nobody.kv.range({ key: "/a" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      await using root = await connect(again.endpoints, { tls, auth });
      expect((await root.kv.range({ key: "/a" })).count).toBe(1n);
    },
  );

  test("a writer without the keys of a repository's backups is refused, and has written nothing", async () => {
    await using folder = await tempFolder();
    await using local = await startLocalEtcd({ binary });
    await using etcd = await clientOf(local);
    await etcd.kv.put({ key: "/a", value: "1" });
    const directory = join(folder.path, "repository");
    const keys = { encryptionKey: new Uint8Array(32).fill(1), signingKey: new Uint8Array(32).fill(2) };
    const owner = await openRepository({ directory, ...keys });
    await owner.backup(etcd);
    await etcd.kv.put({ key: "/a", value: "2" });
    for (const left of ["encryptionKey", "signingKey"] as const) {
      const careless = await openRepository({ directory, ...keys, [left]: undefined });
      for (const write of [() => careless.backup(etcd), () => careless.delta(etcd)]) {
        await expect(write()).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          details: { argument: left },
        });
      }
    }
    expect((await owner.list()).map(({ kind }) => kind)).toEqual(["full"]);
    expect(await owner.verify()).toEqual({ ok: true, problems: [] });
    expect((await owner.delta(etcd))?.backup.kind).toBe("delta");
  });

  test("a repository signed with Ed25519 is checked with the public key; changed, unsigned or another's it is refused", async () => {
    await using folder = await tempFolder();
    await using local = await startLocalEtcd({ binary });
    await using etcd = await clientOf(local);
    await etcd.kv.put({ key: "/a", value: "1" });
    const directory = join(folder.path, "repository");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const owner = await openRepository({ directory, signingKey: privateKey });
    await owner.backup(etcd);
    await etcd.kv.put({ key: "/a", value: "2" });
    await owner.delta(etcd);

    const reader = await openRepository({ directory, signingKey: publicKey });
    expect((await reader.list()).map(({ kind }) => kind)).toEqual(["full", "delta"]);
    expect(await reader.verify()).toEqual({ ok: true, problems: [] });
    expect((await reader.restore({ dataDir: join(folder.path, "restored") })).toRevision).toBe("3");
    for (const write of [reader.backup(etcd), reader.delta(etcd)]) {
      await expect(write).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { argument: "signingKey" },
      });
    }

    const stranger = await openRepository({
      directory,
      signingKey: generateKeyPairSync("ed25519").publicKey,
    });
    await expect(stranger.list()).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
    const [first = ""] = await readdir(join(directory, "backups"));
    const manifest = join(directory, "backups", first);
    const { body, signature } = JSON.parse(await readFile(manifest, "utf8")) as Record<string, string>;
    for (const changed of [
      { body: body?.replace(/"sizeBytes":\d+/, '"sizeBytes":1'), signature },
      { body },
    ]) {
      await writeFile(manifest, JSON.stringify(changed));
      await expect(reader.list()).rejects.toMatchObject({ code: "CORRUPT_SNAPSHOT" });
      expect((await reader.verify()).ok).toBe(false);
    }
    for (const signingKey of [
      new Uint8Array(),
      generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
    ]) {
      await expect(openRepository({ directory, signingKey })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });
});
