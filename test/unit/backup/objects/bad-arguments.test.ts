/** What is no source, no store, no time and no undo file: refused by name, and never by an untyped error. */
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, defineKind, type Resource, type Store } from "keelson";
import { type RestoreSource, restoreObjects, undelete, undoObjectRestore } from "keelson/backup";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { targetRevision } from "../../../../src/backup/repository/chain.ts";
import { failureOf } from "../../../support/failures.ts";

const Pod = defineKind<Resource>({ version: "v1", kind: "Pod", plural: "pods", scope: "Namespaced" });
const a = { namespace: "default", name: "a" };
const junk: readonly unknown[] = [null, 5, true, {}, [], new Date(), () => {}, 5n, Symbol("s")];
const invalid = (argument: string): object => ({ code: "INVALID_ARGUMENT", details: { argument } });

let folder: string;
let store: Store;
let close: () => Promise<void>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keelson-arguments-"));
  const etcd = memoryEtcd();
  store = await createStore({ etcd, kinds: [Pod], compaction: false });
  close = async () => {
    await store.close();
    await etcd.close();
  };
});
afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

describe("bad arguments of restores of objects", () => {
  it.each(junk)("%# is neither a source nor a store nor a file of an undo", async (value) => {
    const from = value as RestoreSource;
    expect(await failureOf(restoreObjects(from, store, { conflict: "skip" }))).toMatchObject(invalid("from"));
    const to = value as Store;
    const earlier = { store, resourceVersion: "1" };
    expect(await failureOf(restoreObjects(earlier, to, { conflict: "skip" }))).toMatchObject(invalid("to"));
    expect(await failureOf(undelete(to, Pod, a, { resourceVersion: "1" }))).toMatchObject(invalid("store"));
    expect(await failureOf(undoObjectRestore(value as string, store))).toMatchObject(invalid("undoPath"));
  });

  it.each([...junk.filter((value) => !(value instanceof Date)), new Date(Number.NaN)])(
    "%# is no time of a restore",
    (value) => {
      const options = { toTime: value as Date };
      expect(() => targetRevision({ parts: [] }, options, [])).toThrow(/toTime is .*, expected a Date/);
    },
  );
});

describe("an undo file", () => {
  it("that cannot be read is named", async () => {
    const missing = join(folder, "none");
    expect(await failureOf(undoObjectRestore(missing, store))).toMatchObject({
      ...invalid("undoPath"),
      message: expect.stringContaining(missing),
    });
  });

  it("of a restore that was killed: the cut line fails alone, as does a kind that is not open, the others are undone", async () => {
    const path = join(folder, "undo");
    const pods = store.resources(Pod);
    const made = await pods.create({ metadata: a });
    const before = await pods.create({ metadata: { ...a, name: "b", labels: { is: "old" } } });
    await pods.guaranteedUpdate({ ...a, name: "b" }, (b) => ({
      ...b,
      metadata: { ...b.metadata, labels: {} },
    }));
    const entries = [
      { resource: "pods", ...a, uid: made.metadata.uid },
      { resource: "crates", ...a, uid: "1" },
      { resource: "pods", namespace: "default", name: "b", uid: before.metadata.uid, before },
    ];
    await writeFile(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await appendFile(path, '{"resource":"pods","namespace":"default","na');
    const { undone, failed } = await undoObjectRestore(path, store);
    expect(undone).toBe(2);
    expect(failed).toMatchObject([
      { error: { ...invalid("undoPath"), message: expect.stringMatching(/cut or damaged/) } },
      { error: { ...invalid("undoPath"), message: expect.stringMatching(/"crates"/) } },
    ]);
    const { items } = await pods.list();
    expect(items.map(({ metadata }) => [metadata.name, metadata.labels])).toEqual([["b", { is: "old" }]]);
  });
});
