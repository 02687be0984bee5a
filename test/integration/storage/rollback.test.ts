/** An etcd that goes back in time under a running client, as a plain restore makes it: noticed, never papered over. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../../src/errors.ts";
import { createFencedWrites } from "../../../src/etcd/fenced/fenced-writes.ts";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { prefixEnd } from "../../../src/etcd/ports/prefix-end.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { collect, connect, fill } from "../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../support/failures.ts";
import { folderForAll } from "../../support/for-all.ts";
import { within } from "../../support/time/patience.ts";

const folder = folderForAll();

describe.each(await etcdBinaries())("a rollback of etcd $version", ({ path: binary, version }) => {
  test("ends watches EXPIRED, loses leases, and fenced writes go on in the new time", async () => {
    const dataDir = join(folder.path, version);
    const backup = `${dataDir}-backup`;
    await using server = await startLocalEtcd({ binary, dataDir });
    await using etcd = await connect(server.endpoints);
    await fill(etcd, "/r/", { revisions: 10 });
    await server.stop();
    await cp(dataDir, backup, { recursive: true });
    await server.restart();

    await using writes = createFencedWrites({ etcd, root: "/keelson/r" });
    const writeId = new Uint8Array(16).fill(1);
    const made = await writes.write({
      key: "/r/mine",
      guard: 0n,
      writeId,
      change: { type: "put", value: writeId },
    });
    expect(made.outcome).toBe("applied");
    await using lease = await etcd.leases.hold({ ttlSeconds: 600 });
    await using watch = etcd.watches.open({ key: "/r/", rangeEnd: prefixEnd("/r/") });
    await watch.ready();
    const watching = failureOf(collect(watch, 1n << 60n));
    const high = await fill(etcd, "/r/", { revisions: 50 });

    await server.stop();
    await rm(dataDir, { recursive: true });
    await cp(backup, dataDir, { recursive: true });
    await server.restart();

    // Whoever reads or writes now is told, or is answered by the new time.
    await etcd.kv.range({ key: "/r/mine" }, { timeoutMs: 60_000 }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreError);
    });
    expect(await within(watching, "the watch's end")).toMatchObject({
      code: "EXPIRED",
      details: { reason: "restored" },
    });
    expect(lease.lost.aborted).toBe(true);
    const now = await etcd.kv.range({ key: "/r/mine" }, { timeoutMs: 60_000 });
    expect(now.kvs).toEqual([]);
    expect(now.header.revision).toBeLessThan(high);
    const again = await writes.write(
      { key: "/r/mine", guard: 0n, writeId, change: { type: "put", value: writeId } },
      { timeoutMs: 60_000 },
    );
    expect(again.outcome).toBe("applied");
  }, 90_000);
});
