import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { msgpackCodec } from "../../../../src/codec/form/codec.ts";
import { Dictionary } from "../../../../src/codec/msgpack/dictionary.ts";
import {
  type DictionaryStore,
  KindDictionaries,
  samplesWanted,
} from "../../../../src/codec/msgpack/kind-dictionaries.ts";
import { learnDictionary } from "../../../../src/codec/msgpack/learn-dictionary.ts";
import { readMsgpack } from "../../../../src/codec/msgpack/msgpack-reader.ts";
import { MsgpackWriter } from "../../../../src/codec/msgpack/msgpack-writer.ts";
import { createValueCodec, type KindValueCodec } from "../../../../src/codec/value-codec.ts";
import { isStoreError, StoreError } from "../../../../src/errors.ts";
import type { AnyResource } from "../../../../src/resource/model/resource.ts";
import { key, pod, podKind, writeId } from "../objects.ts";

/** A bookkeeping root in memory, as etcd would keep it; `down` makes it fail. */
function memoryDictionaries() {
  const entries = new Map<string, Uint8Array>();
  const store = {
    entries,
    down: false,
    async fetch(resource: string, name: string) {
      store.check();
      return entries.get(`${resource}/${name}`);
    },
    async newest(resource: string) {
      store.check();
      const last = [...entries].findLast(([entry]) => entry.startsWith(`${resource}/`));
      return last && { name: last[0].slice(resource.length + 1), bytes: last[1] };
    },
    async publish(resource: string, name: string, bytes: Uint8Array) {
      store.check();
      const entry = `${resource}/${name}`;
      if (!entries.has(entry)) entries.set(entry, Uint8Array.from(bytes));
    },
    check() {
      if (store.down) throw new StoreError("UNAVAILABLE", "Cannot read: etcd is down", { retryAfterMs: 1 });
    },
  };
  return store satisfies DictionaryStore;
}

const seal = async (codec: KindValueCodec, object: AnyResource): Promise<Uint8Array> =>
  codec.seal({ key, object, head: podKind.headOf(object), writeId });

async function trained(store: DictionaryStore, make: (i: number) => AnyResource): Promise<KindValueCodec> {
  const codec = createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store });
  for (let i = 0; i <= samplesWanted; i++) {
    await seal(codec, make(i));
    await codec.settled();
  }
  expect(codec.stats().dictionary).toBe("writing");
  return codec;
}

const stored = (object: AnyResource): AnyResource => {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as AnyResource["metadata"] };
};

describe("a codec that learns", () => {
  it("writes with a dictionary after 64 objects, smaller by more than half of JSON, and reads both forms", async () => {
    const store = memoryDictionaries();
    const codec = createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store });
    const before = await seal(codec, pod());
    const shared = await trained(store, (i) => pod(`web-${i}`));
    const after = await seal(shared, pod());
    expect(after.byteLength).toBeLessThan(before.byteLength);
    for (const bytes of [before, after]) {
      expect(shared.object(await shared.open(key, bytes))).toEqual(stored(pod()));
    }
    expect((await shared.open(key, before)).stale).toBe(false);
  });

  it("fetches the dictionary of another process, and the other way round", async () => {
    const store = memoryDictionaries();
    const web = await trained(store, (i) => pod(`web-${i}`));
    const webBytes = await seal(web, pod());
    const other = memoryDictionaries();
    const odd = (i: number): AnyResource => ({
      ...pod(`job-${i}`),
      spec: { jobs: [{ size: i, kind: "Fast" }] },
      status: {},
    });
    const job = await trained(other, odd);
    const jobBytes = await seal(job, odd(1));
    for (const [name, bytes] of other.entries) store.entries.set(name, bytes);
    for (const [name, bytes] of store.entries) other.entries.set(name, bytes);
    expect(web.stats().dictionaryName).not.toBe(job.stats().dictionaryName);
    const opened = job.open(key, webBytes);
    expect(opened).toBeInstanceOf(Promise);
    expect(job.object(await opened)).toEqual(stored(pod()));
    expect(web.object(await web.open(key, jobBytes))).toEqual(stored(odd(1)));
    // Another dictionary alone is no reason to write again.
    expect((await web.open(key, jobBytes)).stale).toBe(false);
  });

  it("adopts what is published instead of learning its own", async () => {
    const store = memoryDictionaries();
    const first = await trained(store, (i) => pod(`web-${i}`));
    const second = createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store });
    await seal(second, pod());
    await second.settled();
    expect(second.stats().dictionaryName).toBe(first.stats().dictionaryName);
    expect(store.entries.size).toBe(1);
  });

  it("takes the one of a process that was first, even when it has learned its own", async () => {
    const store = memoryDictionaries();
    const [one, two] = [0, 1].map(() =>
      createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store }),
    );
    for (let i = 0; i <= samplesWanted; i++) {
      for (const codec of [one, two]) {
        if (codec === undefined) continue;
        await seal(codec, pod(`web-${i}`));
        await codec.settled();
      }
    }
    expect(two?.stats()).toEqual(one?.stats());
    expect(store.entries.size).toBe(1);
  });

  it("refuses a value whose dictionary is missing or damaged, and says UNAVAILABLE when it cannot ask", async () => {
    const store = memoryDictionaries();
    const bytes = await seal(await trained(store, (i) => pod(`web-${i}`)), pod());
    const reader = () => createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store });
    const [[name, content] = ["", new Uint8Array()]] = store.entries;
    store.down = true;
    await expect(async () => reader().open(key, bytes)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    store.down = false;
    store.entries.set(name, Dictionary.from([["a", "b"]], []).bytes);
    await expect(async () => reader().open(key, bytes)).rejects.toMatchObject({
      code: "CORRUPT_OBJECT",
      details: { key, reason: expect.stringContaining("hash") },
    });
    store.entries.delete(name);
    await expect(async () => reader().open(key, bytes)).rejects.toMatchObject({ code: "CORRUPT_OBJECT" });
    store.entries.set(name, content);
    expect(reader().head(await reader().open(key, bytes)).metadata.name).toBe(pod().metadata.name);
  });

  it("goes on with plain maps while etcd fails, and tries again later", async () => {
    const store = memoryDictionaries();
    store.down = true;
    const codec = createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store });
    for (let i = 0; i < 10; i++) await seal(codec, pod(`web-${i}`));
    await codec.settled();
    expect(codec.stats()).toMatchObject({ dictionary: "asking", dictionaryFaults: 1 });
    store.down = false;
    for (let i = 0; i < samplesWanted * 2 + 2; i++) {
      await seal(codec, pod(`web-${i}`));
      await codec.settled();
    }
    expect(codec.stats().dictionary).toBe("writing");
  });

  it("publishes anew after a restore took its dictionary away", async () => {
    const store = memoryDictionaries();
    const codec = await trained(store, (i) => pod(`web-${i}`));
    const old = await seal(codec, pod());
    store.entries.clear();
    codec.forgetDictionaries();
    const plain = await seal(codec, pod());
    const reader = createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries: store });
    expect(reader.object(await reader.open(key, plain))).toEqual(stored(pod()));
    expect(codec.object(await codec.open(key, old))).toEqual(stored(pod()));
  });

  it("is off without a store, when told so, and never on for a codec that writes JSON", () => {
    expect(new KindDictionaries("pods", undefined, "learn").state).toBe("off");
    expect(new KindDictionaries("pods", memoryDictionaries(), "off").state).toBe("off");
  });
});

describe("learnDictionary()", () => {
  it("never learns the keys of labels, annotations, data or selectors, nor users' text", () => {
    const objects = Array.from({ length: 100 }, (_, i) => ({
      ...pod(`p-${i}`),
      data: { alpha: "Secret", beta: "Secret" },
      spec: {
        selector: { matchLabels: { tenant: "Acme" } },
        nodeSelector: { disk: "Fast" },
        template: { metadata: { labels: { tier: "Gold" }, annotations: { owner: "Bob" } } },
        policy: "Retain",
        password: "hunter2-hunter2",
      },
    }));
    const dictionary = learnDictionary(objects);
    expect(dictionary?.words).toContain("Retain");
    const text = JSON.stringify([dictionary?.shapes, dictionary?.words]);
    for (const word of ["alpha", "tenant", "disk", "tier", "owner", "Acme", "Gold", "Secret", "hunter2"]) {
      expect(text).not.toContain(word);
    }
    expect(dictionary?.shapes).toContainEqual(["labels", "annotations"]);
  });

  it("does not explode on a map under an unknown name", () => {
    const objects = Array.from({ length: 300 }, (_, i) => ({
      ...pod(),
      spec: { tenants: { [`t${i}`]: 1, [`u${i >> 1}`]: 2 } },
    }));
    expect(learnDictionary(objects)?.shapes.length).toBeLessThan(20);
    const pairs = Array.from({ length: 300 }, (_, i) => ({
      ...pod(),
      spec: { tenants: { [`t${i >> 1}`]: 1 } },
    }));
    expect(learnDictionary(pairs)?.shapes.length).toBeLessThan(20);
  });
});

describe("Dictionary", () => {
  const many = Array.from({ length: 700 }, (_, i) => [`a${i}`, "b", `c${i % 7}`]);
  const words = Array.from({ length: 900 }, (_, i) => `Word${i}`);

  it("round-trips every shape and word beyond the 32 that msgpackr loses after a reload", () => {
    const made = Dictionary.from(many, words);
    const reloaded = Dictionary.parse(made.name, made.bytes);
    const writer = new MsgpackWriter();
    for (const [i, keys] of many.entries()) {
      const record = Object.fromEntries(keys.map((field) => [field, words[i] ?? 64 + i]));
      writer.begin(made.forms);
      writer.write(record);
      const bytes = Uint8Array.from(writer.written());
      expect(readMsgpack(bytes, 0, bytes.byteLength, reloaded.forms)).toEqual(record);
    }
    for (const word of words) {
      writer.begin(reloaded.forms);
      writer.write([word]);
      const bytes = Uint8Array.from(writer.written());
      expect(bytes.byteLength).toBeLessThanOrEqual(3);
      expect(readMsgpack(bytes, 0, bytes.byteLength, made.forms)).toEqual([word]);
    }
  });

  it("is named by its content: equal content has one name, other bytes are refused under it", () => {
    const one = Dictionary.from([["a"]], ["Word"]);
    expect(Dictionary.from([["a"]], ["Word"]).name).toBe(one.name);
    const other = Dictionary.from([["b"]], ["Word"]);
    expect(() => Dictionary.parse(one.name, other.bytes)).toThrow(/hash/);
  });

  it.each<[string, string[][], string[]]>([
    ["an empty shape", [[]], []],
    ["a shape twice", [["a"], ["a"]], []],
    ["a field twice", [["a", "a"]], []],
    ["__proto__", [["__proto__"]], []],
    ["a word twice", [["a"]], ["x", "x"]],
    ["too many shapes", Array.from({ length: 1049 }, (_, i) => [`a${i}`]), []],
  ])("refuses %s", (_, shapes, list) => {
    try {
      Dictionary.from(shapes, list);
      expect.unreachable();
    } catch (error) {
      expect(isStoreError(error, "INVALID_ARGUMENT")).toBe(true);
    }
  });

  it("is decoded by msgpackr wrongly and silently under another dictionary, which is why the id is the hash", () => {
    const shapes = (...keys: string[][]) =>
      new Packr({
        getStructures: () => keys,
        maxSharedStructures: keys.length,
        shouldShareStructure: () => false,
      });
    const bytes = Uint8Array.from(shapes(["name", "size"]).pack({ name: "a", size: 1 }));
    expect(shapes(["size", "name"]).unpack(bytes)).toEqual({ size: "a", name: 1 });
  });
});

describe("retained bytes", () => {
  it("are exactly sized and views on nothing larger, in every mode", async () => {
    const codec = await trained(memoryDictionaries(), (i) => pod(`web-${i}`));
    const plain = createValueCodec({ kind: podKind, codec: msgpackCodec({ dictionaries: "off" }) });
    for (const values of [codec, plain]) {
      const bytes = await seal(values, pod());
      const copy = Uint8Array.from(bytes);
      for (let i = 0; i < 50; i++) await seal(values, pod(`other-${i}`));
      expect(bytes).toEqual(copy);
      expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
      expect((await values.open(key, bytes)).bytes).toBe(bytes);
      // Decoding leaves nothing behind on what the cache keeps (msgpackr would hang a DataView on it).
      values.object(await values.open(key, bytes));
      expect(Object.getOwnPropertyNames(bytes).filter((name) => Number.isNaN(Number(name)))).toEqual([]);
    }
  });
});
