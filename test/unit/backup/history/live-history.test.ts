import { deletedVersion, history } from "keelson/backup";
import { type Etcd, readOnlyEtcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** The same etcd, saying that it is one whose progress notices cannot be believed. */
const oldEtcd = (etcd: Etcd): Etcd => ({ ...readOnlyEtcd(etcd), serverVersion: async () => "3.5.9" });

describe.each([
  ["an etcd that answers progress requests truly", (etcd: Etcd) => etcd],
  ["an etcd that does not", oldEtcd],
])("the history of a key in %s", (_name, seen) => {
  const shown = async (etcd: Etcd, key: string): Promise<readonly (readonly string[])[]> =>
    (await history(seen(etcd), key)).map(({ type, revision, value }) => [type, revision, text(value)]);

  test("has every version and every deletion, whatever came of other keys", async () => {
    await using etcd = memoryEtcd();
    const { kv } = etcd;
    await kv.put({ key: "a", value: "1" });
    await kv.put({ key: "b", value: "x" });
    await kv.deleteRange({ key: "a" });
    await kv.put({ key: "a", value: "2" });
    await kv.deleteRange({ key: "a" });
    await kv.put({ key: "b", value: "y" });
    expect(await shown(etcd, "a")).toEqual([
      ["put", "2", "1"],
      ["delete", "4", ""],
      ["put", "5", "2"],
      ["delete", "6", ""],
    ]);
    expect(await shown(etcd, "never")).toEqual([]);
  });

  test("begins with the state at the compaction", async () => {
    await using etcd = memoryEtcd();
    const { kv } = etcd;
    for (const value of ["1", "2", "3"]) await kv.put({ key: "a", value });
    await kv.compact(3n);
    expect(await shown(etcd, "a")).toEqual([
      ["put", "3", "2"],
      ["put", "4", "3"],
    ]);
    await kv.compact(4n);
    expect(await shown(etcd, "a")).toEqual([["put", "4", "3"]]);
  });

  test("tells the version before a deletion, also when that is the compacted revision", async () => {
    await using etcd = memoryEtcd();
    const { kv } = etcd;
    await kv.put({ key: "a", value: "1" });
    await kv.put({ key: "a", value: "2" });
    await kv.compact(3n);
    await kv.deleteRange({ key: "a" });
    const found = await deletedVersion(seen(etcd), "a");
    expect(found).toMatchObject({ deletedAt: "4", version: { revision: "3", version: "2" } });
    expect(text(found.version.value)).toBe("2");
    await kv.compact(4n);
    await expect(deletedVersion(seen(etcd), "a")).rejects.toMatchObject({
      code: "EXPIRED",
      details: { compacted: "4" },
    });
  });

  test("of a key that is there, or never was, tells no deletion", async () => {
    await using etcd = memoryEtcd();
    await etcd.kv.put({ key: "a", value: "1" });
    await expect(deletedVersion(seen(etcd), "a")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(deletedVersion(seen(etcd), "b")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("ends with the caller's reason when aborted", async () => {
    await using etcd = memoryEtcd();
    await etcd.kv.put({ key: "a", value: "1" });
    const reason = new Error("enough");
    await expect(history(seen(etcd), "a", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
