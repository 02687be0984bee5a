/** The backends of a repository, each under the conformance suite that `keelson/testing` exports. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  openDirectoryBackend,
  type RepositoryBackend,
} from "../../../../src/backup/repository/backend/backend.ts";
import { openBackend } from "../../../../src/backup/repository/backend/open-backend.ts";
import type { S3Options } from "../../../../src/backup/repository/s3/s3-address.ts";
import { openS3Backend } from "../../../../src/backup/repository/s3/s3-backend.ts";
import { backendConformance } from "../../../../src/testing/backend-conformance.ts";
import { S3Server } from "../../../support/peers/s3-server.ts";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe("a directory", () => {
  test.each(backendConformance)("$name", async ({ run }) => {
    const folder = await mkdtemp(join(tmpdir(), "keelson-backend-"));
    await run(() => openDirectoryBackend(folder));
    await rm(folder, { recursive: true });
  });
});

describe("a bucket", () => {
  const open = (server: S3Server, more: S3Options = {}): Promise<RepositoryBackend> =>
    openS3Backend("s3://backups/some/odd prefix (1)!*'", {
      endpoint: server.endpoint,
      credentials: server.credentials,
      ...more,
    });

  test.each(backendConformance)("$name", async ({ run }) => {
    await using server = await S3Server.start();
    await run(() => open(server));
  });

  test("everything is done in the end by a server that fails every third request, one way after the other", async () => {
    await using server = await S3Server.start();
    const ways = [
      { status: 500, code: "InternalError" },
      { status: 503, code: "SlowDown" },
      "cut",
      "applied, cut",
      "flipped",
      { status: 429, code: "TooManyRequests" },
      { status: 400, code: "RequestTimeout" },
    ] as const;
    server.misdeed = ({ number }) => (number % 3 === 0 ? ways[(number / 3) % ways.length] : undefined);
    const backend = await open(server);
    const names = Array.from({ length: 25 }, (_, i) => `chunks/aa/${i}`);
    for (const name of names) await backend.write(name, Buffer.from(`bytes of ${name}`));
    for (const name of names) expect(text(await backend.read(name))).toBe(`bytes of ${name}`);
    expect([...(await backend.list("chunks"))].sort()).toEqual([...names].sort());
    for (const name of names) await backend.delete(name);
    expect(await backend.list("chunks")).toEqual([]);
  });

  test("a machine whose clock is an hour off takes the server's", async () => {
    await using server = await S3Server.start({ skewMs: 3_600_000 });
    const backend = await open(server);
    await backend.write("backups/a.json", Buffer.from("a"));
    expect(await backend.has("backups/a.json")).toBe(true);
  });

  test("a bucket that is not there, a wrong key and a wrong secret are told apart, at once", async () => {
    await using server = await S3Server.start();
    const reach = { endpoint: server.endpoint, credentials: server.credentials };
    await expect(openS3Backend("s3://nowhere", reach)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const { accessKeyId, secretAccessKey } = server.credentials;
    await expect(
      open(server, { credentials: { accessKeyId: "nobody", secretAccessKey } }),
    ).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(open(server, { credentials: { accessKeyId, secretAccessKey: "?" } })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(server.asked.length).toBe(3);
    server.misdeed = () => ({ status: 403, code: "AccessDenied" });
    await expect(open(server)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  test("expired credentials are looked for once more", async () => {
    await using server = await S3Server.start();
    const backend = await open(server);
    server.misdeed = ({ number }) => (number === 2 ? { status: 400, code: "ExpiredToken" } : undefined);
    await backend.write("backups/a.json", Buffer.from("a"));
    expect(server.count("PUT")).toBe(2);
  });

  test("a claim whose holder was killed is taken over when the server's clock finds it dead, and not before", async () => {
    await using server = await S3Server.start();
    const killed = await open(server);
    await killed.lock();
    const other = await open(server);
    await expect(other.lock()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    server.clockMs += 61_000;
    await using _held = await other.lock();
    await other.write("backups/a.json", Buffer.from("a"));
  });

  test("server-side encryption is asked for with every object", async () => {
    await using server = await S3Server.start();
    const backend = await open(server, { serverSideEncryption: { algorithm: "AES256" } });
    await backend.write("chunks/aa/1", Buffer.from("x"));
    expect(await backend.has("chunks/aa/1")).toBe(true);
  });
});

test("an unknown scheme is refused and makes no folder; file:// is a path", async () => {
  for (const place of ["gs://bucket/x", "azblob://x", "S4://x", "http://x"]) {
    await expect(openBackend(place, undefined)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  for (const place of ["s3://", "s3://A/b", "s3://ab", "s3://bucket/../x"]) {
    await expect(openBackend(place, undefined)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  const folder = await mkdtemp(join(tmpdir(), "keelson-backend-"));
  const backend = await openBackend(`file://${folder}`, undefined);
  await backend.write("backups/a.json", Buffer.from("a"));
  expect(text(await (await openDirectoryBackend(folder)).read("backups/a.json"))).toBe("a");
  await rm(folder, { recursive: true });
});
