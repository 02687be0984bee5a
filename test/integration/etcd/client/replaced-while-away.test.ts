/** The cluster behind an endpoint is another one while a client is away: nothing that was begun before reaches it. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { restoreSnapshot, saveSnapshot } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { connect } from "../../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../../support/failures.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { until } from "../../../support/time/patience.ts";

const folder = folderForAll();

describe.each(await etcdBinaries())(
  "a cluster that is another one on etcd $version",
  ({ path: binary, version }) => {
    // Of its own for each version: an etcd may not start on what another one left.
    const directory = (name: string): string => join(folder.path, `${version}-${name}`);
    const start = (name: string, clientPort?: number) =>
      startLocalEtcd({
        binary,
        dataDir: directory(name),
        ...(clientPort === undefined ? {} : { clientPort }),
      });

    test("a client that was idle asks who is there before its first write, and does not send it", async () => {
      const old = await start("idle-a");
      await using etcd = await connect(old.endpoints);
      await etcd.kv.put({ key: "a", value: "1" });
      await old.stop();
      await using other = await start("idle-b", old.clientPort);
      const failure = await failureOf(etcd.kv.put({ key: "b", value: "begun before" }));
      expect(failure).toMatchObject({ code: "UNAVAILABLE" });
      await using fresh = await connect(other.endpoints);
      expect((await fresh.kv.range({ key: "b" })).kvs).toEqual([]);
      // Begun now, it belongs to what is there now.
      const sent = (): Promise<boolean> =>
        etcd.kv.put({ key: "c", value: "begun after" }).then(
          () => true,
          () => false,
        );
      await until(sent, "a write of the new history");
      expect(etcd.history.generation).toBe(1);
    }, 60_000);

    test("of many writes that wait while it is away none is sent to the other one, whoever notices", async () => {
      const old = await start("many-a");
      await using etcd = await connect(old.endpoints);
      await etcd.kv.put({ key: "a", value: "1" });
      await old.stop();
      const begun = Array.from({ length: 30 }, (_, i) =>
        failureOf(etcd.kv.put({ key: `w-${i}`, value: "begun before" }, { timeoutMs: 20_000 })),
      );
      await using other = await start("many-b", old.clientPort);
      for (const failure of await Promise.all(begun)) expect(failure).toMatchObject({ code: "UNAVAILABLE" });
      await using fresh = await connect(other.endpoints);
      expect((await fresh.kv.range({ key: "w", rangeEnd: "x" })).kvs).toEqual([]);
    }, 60_000);

    test("a write that waits for its turn is not sent once the call before it has noticed", async () => {
      const old = await start("turn-a");
      await using etcd = await connect(old.endpoints, { inFlightMax: 1 });
      await etcd.kv.put({ key: "a", value: "1" });
      await old.stop();
      await using other = await start("turn-b", old.clientPort);
      // One answer of a stranger may be a stranger's; the next one is taken for a restore.
      expect(await failureOf(etcd.kv.range({ key: "a" }))).toMatchObject({ code: "UNAVAILABLE" });
      await until(async () => {
        const noticing = etcd.kv.range({ key: "a" }).catch(() => undefined);
        const waiting = failureOf(etcd.kv.put({ key: "b", value: "begun before" }));
        await noticing;
        expect(await waiting).toMatchObject({ code: "UNAVAILABLE" });
        return etcd.history.generation > 0;
      }, "the restore is noticed");
      await using fresh = await connect(other.endpoints);
      expect((await fresh.kv.range({ key: "b" })).kvs).toEqual([]);
    }, 60_000);

    // Under the same cluster id, past every revision the client has seen: the raft log alone tells.
    test.each([
      ["by its length", 0],
      ["by its term", 2],
    ])(
      "a restore under the same token is noticed %s",
      async (how, restarts) => {
        const name = `same-${restarts}`;
        const snapshot = directory(`${name}.db`);
        const restoredTo = async (dir: string): Promise<void> => {
          await restoreSnapshot(snapshot, {
            dataDir: directory(dir),
            bumpRevision: false,
            initialClusterToken: name,
          });
        };
        const put = async (client: Etcd, count: number): Promise<void> => {
          for (let n = 0; n < count; n++) await client.kv.put({ key: `k-${n}`, value: how });
        };
        const first = await start(`${name}-0`);
        {
          await using etcd = await connect(first.endpoints);
          await put(etcd, 3);
          await saveSnapshot(etcd, snapshot);
        }
        await first.stop();
        // Both clusters are restored under one token, so they have one id.
        await restoredTo(`${name}-a`);
        let old = await start(`${name}-a`, first.clientPort);
        for (let n = 0; n < restarts; n++) {
          await old.stop();
          old = await start(`${name}-a`, first.clientPort);
        }
        await using etcd = await connect(old.endpoints);
        await rm(snapshot);
        await put(etcd, 20);
        await saveSnapshot(etcd, snapshot);
        await put(etcd, 5);
        await old.stop();
        await restoredTo(`${name}-b`);
        await using other = await start(`${name}-b`, first.clientPort);
        {
          await using fresh = await connect(other.endpoints);
          await put(fresh, restarts === 0 ? 10 : 100);
          expect(fresh.kv.highestRevision).toBeGreaterThan(etcd.kv.highestRevision);
        }
        const failure = await failureOf(etcd.kv.put({ key: "b", value: "begun before" }));
        expect(failure).toMatchObject({ code: "UNAVAILABLE" });
        await using fresh = await connect(other.endpoints);
        expect((await fresh.kv.range({ key: "b" })).kvs).toEqual([]);
        const after = (): Promise<boolean> =>
          etcd.kv.put({ key: "b", value: "begun after" }).then(
            () => true,
            () => false,
          );
        await until(after, "a write of the new history");
        expect(etcd.history.generation).toBe(1);
      },
      60_000,
    );

    test("a member that comes back, or a leader that changes, is no restore", async () => {
      let server = await start("back");
      await using etcd = await connect(server.endpoints);
      for (let turn = 0; turn < 4; turn++) {
        const writes = Array.from({ length: 40 }, (_, n) => etcd.kv.put({ key: `k-${n}`, value: `${turn}` }));
        await Promise.all(writes);
        await server.kill();
        server = await start("back", server.clientPort);
        await until(
          () =>
            etcd.kv.put({ key: "a", value: `${turn}` }).then(
              () => true,
              () => false,
            ),
          "a write after the restart",
        );
      }
      expect(etcd.history.generation).toBe(0);
      await server.stop();
    }, 60_000);
  },
);
