/**
 * The backend and a whole repository on an S3 server that is not of this project, where one is named:
 *
 *   KEELSON_S3_ENDPOINT=http://127.0.0.1:7480 KEELSON_S3_BUCKET=backups AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… \
 *     npx vitest run --project integration test/integration/backup/s3/real-server.test.ts
 *
 * The bucket must be there. What is written lies below a prefix of its own, and is removed.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { drill, openRepository } from "keelson/backup";
import { startLocalEtcd } from "keelson/etcd";
import { afterAll, describe, expect, test } from "vitest";
import { openS3Backend } from "../../../../src/backup/repository/s3/s3-backend.ts";
import { backendConformance } from "../../../../src/testing/backend-conformance.ts";
import { clientOf, runWorkload, tempFolder } from "../../../support/etcd/snapshot-lab.ts";
import { skipNote } from "../../../support/skip-note.ts";

const endpoint = process.env["KEELSON_S3_ENDPOINT"];
const bucket = process.env["KEELSON_S3_BUCKET"] ?? "backups";

const without = endpoint === undefined;

describe.skipIf(without)(
  `an S3 server named by KEELSON_S3_ENDPOINT${skipNote(without, "KEELSON_S3_ENDPOINT names none")}`,
  () => {
    const root = `s3://${bucket}/keelson-test-${randomUUID()}`;
    const prefixes: string[] = [];
    const fresh = (): string => {
      const prefix = `${root}/${prefixes.length} (odd)'!*`;
      prefixes.push(prefix);
      return prefix;
    };

    afterAll(async () => {
      for (const prefix of prefixes) {
        const backend = await openS3Backend(prefix, { endpoint });
        for (const folder of ["backups", "chunks", "recent", "locks"]) {
          for (const name of await backend.list(folder)) await backend.delete(name);
        }
      }
    });

    test.each(backendConformance)(
      "$name",
      async ({ run }) => {
        const prefix = fresh();
        await run(() => openS3Backend(prefix, { endpoint }));
      },
      120_000,
    );

    test("full, delta, prune, verify, restore, and a drill that boots it", async () => {
      await using folder = await tempFolder();
      await using local = await startLocalEtcd();
      await using etcd = await clientOf(local);
      const repository = await openRepository({
        directory: fresh(),
        s3: { endpoint },
        encryptionKey: randomBytes(32),
        signingKey: randomBytes(32),
      });
      await runWorkload(etcd, { seed: 1, steps: 60 });
      const full = await repository.backup(etcd);
      await runWorkload(etcd, { seed: 2, steps: 30, compact: "never" });
      const delta = await repository.delta(etcd);
      expect(delta?.backup.kind).toBe("delta");
      const again = await repository.backup(etcd);
      const [member = ""] = local.endpoints;
      const { hash } = await etcd.maintenance.hashKv(BigInt(again.backup.lastRevision), { endpoint: member });
      const report = await repository.restore({
        dataDir: join(folder.path, "restored"),
        bumpRevision: false,
        allowLivePeers: true,
      });
      expect(report.hashKv).toBe(hash);
      expect((await repository.prune({ keepLast: 1 })).removed).toContain(full.backup.id);
      expect(await repository.verify()).toEqual({ ok: true, problems: [] });
      expect(await drill(repository)).toMatchObject({ ok: true, problems: [], hashKv: hash });
    }, 120_000);
  },
);
