/**
 * S10, S11, S14 to S18 of the bad-input list, on a store over a real etcd: refused before any call with a typed error,
 * or stored and given back exactly.
 */
import {
  type AnyResource,
  createStore,
  defineKind,
  isStoreError,
  type Resource,
  type ResourceStore,
  type Store,
} from "keelson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/resource/model/limits.ts";
import { encodeContinueToken } from "../../src/storage/seam/continue-token.ts";
import { etcdForAll } from "../support/etcd/real-etcd.ts";
import { thrownBy } from "../support/failures.ts";
import { namespacedKind } from "../support/kinds.ts";
import { type RecordedEtcd, recordedEtcd } from "../support/recorded-requests.ts";

interface Blob extends Resource {
  data?: unknown;
}

const blobKind = namespacedKind<Blob>("Blob");
const roleKind = defineKind<Resource>({
  version: "v1",
  kind: "Role",
  plural: "roles",
  scope: "Cluster",
  nameRule: "segment",
});
let recorded: RecordedEtcd;
let store: Store;
let blobs: ResourceStore<Blob>;
const lab = etcdForAll();
beforeAll(async () => {
  recorded = recordedEtcd(lab.etcd);
  store = await createStore({ etcd: recorded.etcd, kinds: [blobKind, roleKind], compaction: false });
  blobs = store.resources(blobKind);
  await blobs.create({ metadata: { namespace: "default", name: "first" } });
  await blobs.list({ limit: 1 });
});
afterAll(async () => {
  await store?.close();
});

let names = 0;
const draft = (data: unknown): { metadata: { namespace: string; name: string }; data: unknown } => ({
  metadata: { namespace: "default", name: `b-${++names}` },
  data,
});
/** Requests about a blob since the `from`th; what a store asks of itself, as for a new dictionary, names none. */
const sentSince = (from: number): readonly string[] =>
  recorded.requests.slice(from).filter((request) => request.includes("/registry/blobs/"));

/** Fails with INVALID_OBJECT and sends nothing. */
async function expectRefused(data: unknown, field: RegExp): Promise<void> {
  const from = recorded.requests.length;
  const error = await thrownBy(blobs.create(draft(data)));
  expect(isStoreError(error, "INVALID_OBJECT") && error.details.errors[0]?.field).toMatch(field);
  expect(sentSince(from)).toEqual([]);
}

describe("S10 ordering", () => {
  test("pages of names that sort by byte skip nothing and repeat nothing", async () => {
    const roles = store.resources(roleKind);
    const odd = ["a", "A", "Z", "_", "a-b", "a.b", "ab", "~", "0", "system:x", "system:", "a:b", "a!"];
    for (const name of odd) await roles.create({ metadata: { name } });
    const expected = [...odd].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const limit of [1, 2, 5, 100]) {
      const seen: string[] = [];
      let continueToken: string | undefined;
      do {
        const page = await roles.list({ limit, continueToken });
        seen.push(...page.items.map(({ metadata }) => metadata.name));
        continueToken = page.continueToken;
      } while (continueToken !== undefined);
      expect(seen).toEqual(expected);
    }
  });

  test("names outside ASCII, whose text order is not their byte order, are refused", async () => {
    for (const name of ["\u{1F600}", "\uFF5E", "e\u0301", "\uD800"]) {
      const error = await thrownBy(store.resources(roleKind).create({ metadata: { name } }));
      expect(error).toMatchObject({ code: "INVALID_OBJECT" });
    }
  });
});

describe("S11 continue tokens", () => {
  test("every flipped character and every cut is INVALID_TOKEN", async () => {
    await blobs.createMany([draft(1), draft(2), draft(3)]);
    const { continueToken = "" } = await blobs.list({ namespace: "default", limit: 1 });
    const tokens = [
      ...Array.from(continueToken, (character, at) => {
        const other = character === "A" ? "B" : "A";
        return continueToken.slice(0, at) + other + continueToken.slice(at + 1);
      }),
      ...Array.from(continueToken, (_, at) => continueToken.slice(0, at)).filter((token) => token !== ""),
      `${continueToken}A`,
      `${continueToken}=`,
      ` ${continueToken}`,
      `${continueToken}\n`,
      "A".repeat(1024 * 1024),
    ];
    for (const token of tokens) {
      const error = await thrownBy(blobs.list({ namespace: "default", limit: 1, continueToken: token }));
      expect(error).toMatchObject({ code: "INVALID_TOKEN" });
    }
    expect((await blobs.list({ namespace: "default", limit: 1, continueToken })).items).toHaveLength(1);
  });

  test("a token of another process over the same prefix is good, of another prefix it is not", async () => {
    const { continueToken } = await blobs.list({ namespace: "default", limit: 1 });
    const sibling = await createStore({ etcd: lab.etcd, kinds: [blobKind], compaction: false });
    expect(
      (await sibling.resources(blobKind).list({ namespace: "default", limit: 1, continueToken })).items,
    ).toHaveLength(1);
    const foreign = await createStore({
      etcd: lab.etcd,
      kinds: [blobKind],
      prefix: "/elsewhere",
      compaction: false,
    });
    expect(
      await thrownBy(foreign.resources(blobKind).list({ namespace: "default", limit: 1, continueToken })),
    ).toMatchObject({ code: "INVALID_TOKEN" });
    await sibling.close();
    await foreign.close();
  });

  test("a token made up without the key is INVALID_TOKEN, whatever it says", async () => {
    const forged = [0n, 1n, 2n ** 63n, 2n ** 64n - 1n].map((revision) =>
      encodeContinueToken(
        new Uint8Array(32),
        { prefix: "/registry/", resource: "blobs", selection: '["default",null,"",""]' },
        { epoch: "", revision, after: "/registry/blobs/../secrets/x" },
      ),
    );
    for (const continueToken of forged) {
      expect(await thrownBy(blobs.list({ namespace: "default", continueToken }))).toMatchObject({
        code: "INVALID_TOKEN",
      });
    }
  });
});

describe("S14 depth", () => {
  const nested = (depth: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = { a: value };
    return value;
  };

  test("64 levels are stored, 65 and 100,000 are INVALID_OBJECT", async () => {
    const deepest = nested(63);
    const { metadata } = await blobs.create(draft(deepest));
    expect((await blobs.get({ namespace: "default", name: metadata.name })).data).toEqual(deepest);
    await expectRefused(nested(64), /^data/);
    await expectRefused(JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`), /^data/);
  });

  test("an object that holds itself is INVALID_OBJECT", async () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    await expectRefused(loop, /^data/);
  });
});

describe("S15 numbers", () => {
  test("what would come back changed is INVALID_OBJECT with its path", async () => {
    await expectRefused(JSON.parse(`{"n":9007199254740993}`), /^data\.n$/);
    await expectRefused({ n: [1, Number.POSITIVE_INFINITY] }, /^data\.n\[1\]$/);
    await expectRefused({ n: Number.NaN }, /^data\.n$/);
    await expectRefused({ n: 1n }, /^data\.n$/);
    await expectRefused({ n: new Date(0) }, /^data\.n$/);
    await expectRefused({ n: new Map() }, /^data\.n$/);
    await expectRefused({ text: "\uD800" }, /^data\.text$/);
  });

  test("numbers at the edge come back as they are", async () => {
    const edge = [0, -1, 0.1, 5e-324, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, 2 ** 32];
    const { metadata } = await blobs.create(draft(edge));
    expect((await blobs.get({ namespace: "default", name: metadata.name })).data).toEqual(edge);
  });
});

describe("S16 key order", () => {
  test("an update in another key order, integer-like keys too, changes nothing and writes nothing", async () => {
    const made = await blobs.create(draft({ b: 1, 10: "x", 2: "y", a: { d: 1, c: 2 } }));
    const turned = { ...made, data: { a: { c: 2, d: 1 }, 2: "y", 10: "x", b: 1 } };
    expect((await blobs.update(turned)).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  test("S13: __proto__, constructor and prototype are data or refused, and change no prototype", async () => {
    for (const text of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}']) {
      const data: unknown = JSON.parse(text);
      const outcome = await blobs.create(draft(data)).catch((error: unknown) => error);
      if (!isStoreError(outcome, "INVALID_OBJECT")) {
        const { metadata } = outcome as AnyResource;
        const read = await blobs.get({ namespace: "default", name: metadata.name });
        expect(JSON.stringify(read.data)).toBe(text);
      }
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });
});

describe("S17 size", () => {
  test("what fits etcd's request is stored, what does not is TOO_LARGE before any call", async () => {
    // Random text, so that compression takes nothing off.
    const fits = draft(Buffer.from(lab.etcd.random.bytes(1_150_000)).toString("base64").slice(0, 1_500_000));
    expect(((await blobs.create(fits)).data as string).length).toBe(1_500_000);
    const from = recorded.requests.length;
    expect(sentSince(0).some((request) => request.startsWith("txn "))).toBe(true);
    for (const megabytes of [1.6, 2, 3, 4]) {
      const data = Buffer.from(lab.etcd.random.bytes(Math.ceil(megabytes * 2 ** 20))).toString("base64");
      const error = await thrownBy(blobs.create(draft(data)));
      expect(isStoreError(error, "TOO_LARGE") && error.details.limitBytes).toBe(limits.objectBytesMax);
    }
    expect(sentSince(from)).toEqual([]);
  });

  test("an object near the limit can still be marked and deleted", async () => {
    const name = "heavy";
    const made = await blobs.create({
      metadata: { namespace: "default", name, finalizers: ["example.com/hold"] },
      data: Buffer.from(lab.etcd.random.bytes(1_150_000)).toString("base64").slice(0, 1_530_000),
    });
    expect(made.metadata.name).toBe(name);
    await blobs.delete({ namespace: "default", name });
    await blobs.guaranteedUpdate({ namespace: "default", name }, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    expect(await thrownBy(blobs.get({ namespace: "default", name }))).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a list of more than 4 MiB is read whole", async () => {
    await store.namespaces.create({ metadata: { name: "large" } });
    const data = Buffer.from(lab.etcd.random.bytes(700_000)).toString("base64");
    for (let i = 0; i < 8; i++) {
      await blobs.create({ metadata: { namespace: "large", name: `l-${i}` }, data });
    }
    const { items } = await blobs.list({ namespace: "large" });
    expect(items.map((item) => item.data === data)).toEqual(Array(8).fill(true));
  });
});

describe("S18 amplification", () => {
  test("10,000 labels and 300 KiB of annotations are INVALID_OBJECT", async () => {
    const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, "x"]));
    const metadata = { namespace: "default", name: "wide" };
    for (const more of [{ labels }, { annotations: { a: "x".repeat(300 * 1024) } }]) {
      const error = await thrownBy(blobs.create({ metadata: { ...metadata, ...more } }));
      expect(error).toMatchObject({ code: "INVALID_OBJECT" });
    }
  });

  test("one value in many places is stored as often as it is named, within the size limit", async () => {
    const copied = Array.from({ length: 1_000 }, () => ({ text: "y".repeat(100) }));
    const shared = copied[0];
    const { metadata } = await blobs.create(draft(copied.map(() => shared)));
    const read = await blobs.get({ namespace: "default", name: metadata.name });
    expect(read.data).toEqual(copied);
  });
});
