/**
 * An etcd newer than those keelson is tested with: answers of etcd 3.6's form, made by hand, with its fields that
 * older ones do not have (Status 11 to 13, HashKV 4, snapshot 4), and one of a later form still. It counts as the newest known, without a warning.
 */
import { createStore, createWatchCache } from "keelson";
import { afterEach, expect, test, vi } from "vitest";
import { ProtoWriter } from "../../../src/base/protobuf/proto-writer.ts";
import { knownFaults } from "../../../src/etcd/versions/known-faults.ts";
import { refusalOf, warningOf } from "../../../src/etcd/versions/version-check.ts";
import { hashKvResponse, statusResponse } from "../../../src/etcd/wire/maintenance.ts";
import { progressIsReliable } from "../../../src/storage/watch/progress-trust.ts";
import { widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Newer than every version in the table of facts, or, for the first ones, as 3.6 and 3.7 began. */
const newer = ["3.6.0-rc.3", "3.6.0", "3.6.14", "3.7.0", "3.7.2", "3.10.1", "4.0.0"];

/** `known`, and behind it what this client's messages do not have. Written back to front, as the writer does. */
function withFields(known: Uint8Array, write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter();
  write(writer);
  return Buffer.concat([known, writer.finish()]);
}

test.each(newer)(
  "etcd %s has no fault that the client acts on, and is worked with as it is",
  async (version) => {
    expect(warningOf(version)).toBeUndefined();
    expect(refusalOf(version)).toBeUndefined();
    if (!/3\.[67]\.0/.test(version)) expect(knownFaults(version)).toEqual([]);
    const behindGrpcProxy = (): Promise<boolean> => Promise.resolve(false);
    const etcd = { serverVersion: () => Promise.resolve(version), behindGrpcProxy };
    expect(await progressIsReliable(etcd)).toBe(true);
  },
);

test("a store, a cache and maintenance work on an etcd that answers as 3.6 does, and nobody is warned", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  await using lab = new MemoryLab();
  let asked = 0;
  const etcd = lab.connect({
    async answer(method, request, server) {
      if (method === "/etcdserverpb.Maintenance/HashKV") {
        const { header } = statusResponse.decode(
          await server.call("/etcdserverpb.Maintenance/Status", request),
        );
        const hashed = { header, hash: 4711, compactRevision: 0n, hashRevision: header.revision };
        return withFields(hashKvResponse.encode(hashed), (writer) => writer.bytes(99, "of the future"));
      }
      const reply = await server.call(method, request);
      if (method === "/etcdserverpb.Maintenance/Status") {
        asked++;
        const status = statusResponse.encode({ ...statusResponse.decode(reply), version: "3.6.11" });
        return withFields(status, (writer) => {
          const downgrade = writer.open();
          writer.bytes(2, "3.5.0");
          writer.bool(1, true);
          writer.close(13, downgrade);
          writer.int64(12, 2_147_483_648n);
          writer.bytes(11, "3.6.0");
        });
      }
      return reply;
    },
  });
  await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  await using cache = createWatchCache(widgets);
  await cache.ready();
  const made = await widgets.create(widget("default", "a"));
  expect(await cache.get({ namespace: "default", name: "a" })).toEqual(made);

  const [endpoint = ""] = etcd.endpoints;
  expect(await etcd.maintenance.status({ endpoint })).toMatchObject({
    version: "3.6.11",
    errors: [],
    storageVersion: "3.6.0",
    databaseQuotaBytes: 2_147_483_648n,
    downgrade: { enabled: true, targetVersion: "3.5.0" },
  });
  expect(await etcd.serverVersion()).toBe("3.6.11");
  const { hash, header, hashRevision } = await etcd.maintenance.hashKv(0n, { endpoint });
  expect([hash, hashRevision]).toEqual([4711, header.revision]);
  expect(await store.health()).toMatchObject({ ok: true, problems: [] });
  expect(asked).toBeGreaterThan(0);
  expect(warned.mock.calls.filter(([warning]) => String(warning).includes("etcd"))).toEqual([]);
});
