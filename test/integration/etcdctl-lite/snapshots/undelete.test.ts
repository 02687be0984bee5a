/** A key that was deleted comes back as it last was: from etcd's history, or from a snapshot when that is compacted. */
import { join } from "node:path";
import { createStore, type ObjectMeta, type Store } from "keelson";
import { saveSnapshot } from "keelson/backup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { namespacedKind } from "../../../support/kinds.ts";
import { liteAt } from "../lite.ts";

interface Config {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly data: Readonly<Record<string, string>>;
}
const configmaps = namespacedKind<Config>("ConfigMap");
let lite: ReturnType<typeof liteAt>;

const revision = async (): Promise<bigint> => (await lab.etcd.kv.range({ key: "x" })).header.revision;
const storedAt = async (key: string): Promise<string | undefined> => {
  const [kv] = (await lab.etcd.kv.range({ key })).kvs;
  return kv === undefined ? undefined : Buffer.from(kv.value).toString("latin1");
};

const lab = etcdForAll();
const dir = folderForAll();

beforeAll(async () => {
  lite = liteAt(lab.local.endpoints);
});

describe("undelete of any key", () => {
  test("puts its last bytes back, and says from which revision", async () => {
    const bytes = Buffer.from([0, 1, 255, 10]);
    await lab.etcd.kv.put({ key: "any", value: "first" });
    const { header } = await lab.etcd.kv.put({ key: "any", value: bytes });
    const gone = await lab.etcd.kv.deleteRange({ key: "any" });
    const asked = await lite(["undelete", "any", "--dry-run"]);
    const what = `4 bytes, as of revision ${header.revision} (version 2, deleted at revision ${gone.header.revision})`;
    expect(asked).toMatchObject({ code: 0, stderr: "", stdout: `"any" would come back: ${what}\n` });
    expect(await revision()).toBe(gone.header.revision);
    const done = await lite(["undelete", "any"]);
    const now = await revision();
    expect(done).toMatchObject({
      code: 0,
      stderr: "",
      stdout: `"any" is back: ${what}; now at revision ${now}\n`,
    });
    expect(await storedAt("any")).toBe(bytes.toString("latin1"));
    const history = await lite(["history", "any"]);
    expect(history.stdout.match(/PUT|DELETE/g)).toEqual(["PUT", "PUT", "DELETE", "PUT"]);
  });

  test("leaves a key that is there as it is", async () => {
    await lab.etcd.kv.put({ key: "there", value: "old" });
    await lab.etcd.kv.deleteRange({ key: "there" });
    await lab.etcd.kv.put({ key: "there", value: "new" });
    const before = await revision();
    const { code, stderr } = await lite(["undelete", "there"]);
    expect(code).toBe(1);
    expect(stderr).toBe(`Error: "there" is there, since revision ${before}: nothing to bring back\n`);
    expect(await revision()).toBe(before);
  });

  test("says of a key that never was that it was not, and of wrong arguments what is wanted", async () => {
    const never = await lite(["undelete", "never"]);
    expect(never.code).toBe(1);
    expect(never.stderr).toMatch(/"never": (it was never there|no deletion of it is on record)/);
    expect(await lite(["undelete"])).toMatchObject({ code: 128 });
  });

  test("says what is compacted, and takes the key from a snapshot instead", async () => {
    await lab.etcd.kv.put({ key: "old", value: "kept" });
    const file = join(dir.path, "old.db");
    await saveSnapshot(lab.etcd, file);
    await lab.etcd.kv.deleteRange({ key: "old" });
    await lab.etcd.kv.put({ key: "other", value: "1" });
    const compacted = await revision();
    await lab.etcd.kv.compact(compacted);
    const { code, stderr } = await lite(["undelete", "old"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`history is compacted up to ${compacted}`);
    expect(stderr).toContain("--from");
    const back = await lite(["undelete", "old", "--from", file, "-w", "json"]);
    expect(JSON.parse(back.stdout)).toMatchObject({ key: "old", as: "bytes", size: 4 });
    expect(await storedAt("old")).toBe("kept");
  });
});

describe("undelete of a store's object", () => {
  const place = { namespace: "default", name: "settings" };
  const key = "/registry/configmaps/default/settings";
  let store: Store;

  beforeAll(async () => {
    store = await createStore({ etcd: lab.etcd, kinds: [configmaps], compaction: false });
    await store.quotas.set("default", { hard: { "count/configmaps": 1 } });
  });
  afterAll(async () => {
    await store?.close();
  });

  test("goes through the store: a new uid, and the quota is charged", async () => {
    const all = store.resources(configmaps);
    const made = await all.create({ metadata: { ...place, labels: { a: "b" } }, data: { mode: "on" } });
    await all.delete(place);
    expect((await lite(["undelete", key, "--dry-run"])).stdout).toContain(
      "would come back: configmaps, as of",
    );
    expect(await storedAt(key)).toBeUndefined();
    const { code, stdout, stderr } = await lite(["undelete", key]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      `"${key}" is back: configmaps, as of revision ${made.metadata.resourceVersion} `,
    );
    const back = await all.get(place);
    expect(back).toMatchObject({ metadata: { labels: { a: "b" } }, data: { mode: "on" } });
    expect(back.metadata.uid).not.toBe(made.metadata.uid);
    expect((await store.quotas.get("default")).used).toEqual({ "count/configmaps": 1 });
    await all.delete(place);
    await all.create({ metadata: { namespace: "default", name: "other" }, data: {} });
    const full = await lite(["undelete", key]);
    expect(full.code).toBe(1);
    expect(full.stderr).toContain("count/configmaps");
  });

  test("comes from a snapshot too, and with --raw as the bytes it was", async () => {
    const all = store.resources(configmaps);
    const first = { namespace: "default", name: "other" };
    const file = join(dir.path, "objects.db");
    await saveSnapshot(lab.etcd, file);
    const was = await storedAt("/registry/configmaps/default/other");
    await all.delete(first);
    const back = await lite(["undelete", "/registry/configmaps/default/other", "--from", file]);
    expect(back).toMatchObject({ code: 0, stderr: "" });
    expect(await all.get(first)).toMatchObject({ data: {} });
    await all.delete(first);
    const raw = await lite(["undelete", "/registry/configmaps/default/other", "--from", file, "--raw"]);
    expect(raw).toMatchObject({ code: 0, stderr: "" });
    expect(await storedAt("/registry/configmaps/default/other")).toBe(was);
  });
});
