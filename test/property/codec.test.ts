/**
 * Codecs against anything: whatever bytes come in, only plain data or CORRUPT_OBJECT comes out, and no prototype changes.
 * FUZZ_RUNS sets the runs of each property: 10,000 by default, `npm run fuzz` takes a million.
 */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { jsonCodec, msgpackCodec } from "../../src/codec/form/codec.ts";
import { Dictionary } from "../../src/codec/msgpack/dictionary.ts";
import { type DictionaryStore, samplesWanted } from "../../src/codec/msgpack/kind-dictionaries.ts";
import { aesGcm } from "../../src/codec/sealing/aes-gcm.ts";
import { createValueCodec, type KindValueCodec } from "../../src/codec/value-codec.ts";
import { isStoreError } from "../../src/errors.ts";
import { findPlainDataFault, sameContent } from "../../src/resource/model/plain-data.ts";
import type { AnyResource } from "../../src/resource/model/resource.ts";
import { key, pod, podKind, writeId } from "../unit/codec/objects.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 10_000);
const timeoutMs = Math.max(120_000, runs * 3);

const entries = new Map<string, Uint8Array>();
const dictionaries: DictionaryStore = {
  fetch: async (_, name) => entries.get(name),
  newest: async () => undefined,
  publish: async (_, name, bytes) => {
    entries.set(name, bytes);
  },
};
const codecs: Record<string, KindValueCodec> = {
  maps: createValueCodec({ kind: podKind, codec: msgpackCodec({ dictionaries: "off" }) }),
  dictionary: createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries }),
  json: createValueCodec({ kind: podKind, codec: jsonCodec() }),
  deflated: createValueCodec({
    kind: podKind,
    codec: msgpackCodec({ dictionaries: "off", compressAboveBytes: 0 }),
  }),
  raw: createValueCodec({ kind: podKind, codec: jsonCodec({ raw: true }) }),
  sealed: createValueCodec({
    kind: podKind,
    codec: msgpackCodec(),
    transform: aesGcm({ keys: [{ id: "k", key: new Uint8Array(32).fill(3) }] }),
  }),
};
const codecOf = (name: string): KindValueCodec => {
  const codec = codecs[name];
  if (codec === undefined) throw new Error(name);
  return codec;
};

const seal = async (codec: KindValueCodec, object: AnyResource): Promise<Uint8Array> =>
  codec.seal({ key, object, head: podKind.headOf(object), writeId });

async function train(): Promise<void> {
  for (let i = 0; i <= samplesWanted; i++) {
    await seal(codecOf("dictionary"), pod(`web-${i}`));
    await codecOf("dictionary").settled();
  }
  expect(codecOf("dictionary").stats().dictionary).toBe("writing");
}

const reachable: string[] = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Array.prototype),
];
afterAll(() => {
  expect([
    ...Object.getOwnPropertyNames(Object.prototype),
    ...Object.getOwnPropertyNames(Array.prototype),
  ]).toEqual(reachable);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

/** Reads all there is to read; true when it was readable, false when it was CORRUPT_OBJECT; anything else is the test's failure. */
async function read(codec: KindValueCodec, bytes: Uint8Array): Promise<boolean> {
  try {
    const value = await codec.open(key, bytes);
    codec.writeId(value);
    const head = codec.head(value);
    const object = codec.object(value);
    expect(findPlainDataFault(object)).toBeUndefined();
    expect(findPlainDataFault(head)).toBeUndefined();
    return true;
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) {
      expect(error.details.key).toBe(key);
      expect(error.details.reason).not.toBe("");
      return false;
    }
    throw error;
  }
}

/** With a right checksum, so that the damage gets past it. */
function resummed(bytes: Uint8Array): Uint8Array {
  const fixed = Uint8Array.from(bytes);
  if (fixed.byteLength < 8) return fixed;
  new DataView(fixed.buffer).setUint32(
    fixed.byteLength - 4,
    crc32(fixed.subarray(0, fixed.byteLength - 4)),
    true,
  );
  return fixed;
}

const json = fc.jsonValue({ maxDepth: 5 }).filter((value) => findPlainDataFault(value) === undefined);
const objects: fc.Arbitrary<AnyResource> = fc
  .record({
    labels: fc.dictionary(
      fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("__proto__", "constructor", "toJSON")),
      fc.string({ unit: "grapheme" }),
    ),
    spec: json,
    status: json,
    extra: fc.dictionary(
      fc.string().filter((name) => !["apiVersion", "kind", "metadata", "spec", "status"].includes(name)),
      json,
    ),
  })
  .map(({ labels, spec, status, extra }) => {
    const base = pod();
    return { ...base, ...extra, metadata: { ...base.metadata, labels }, spec, status } as AnyResource;
  })
  .filter((object) => findPlainDataFault(object) === undefined);

describe("round trips", () => {
  it.each(Object.keys(codecs))(
    "%s gives back what it was given",
    async (name) => {
      await train();
      const codec = codecOf(name);
      await fc.assert(
        fc.asyncProperty(objects, async (object) => {
          // headOf reads spec.nodeName and status.phase of records only.
          const head = { ...podKind.headOf(pod()), metadata: object.metadata };
          const stored = await codec.seal({ key, object, head, writeId });
          const value = await codec.open(key, stored);
          const { resourceVersion: _, ...metadata } = object.metadata;
          expect(sameContent(codec.object(value), { ...object, metadata })).toBe(true);
          if (name !== "raw") expect(sameContent(codec.head(value).metadata, metadata)).toBe(true);
        }),
        { numRuns: Math.min(runs, 200_000) / 5 },
      );
    },
    timeoutMs,
  );
});

describe("damaged and hostile bytes", () => {
  it.each(Object.keys(codecs))(
    "%s: a flipped byte or a cut is never anything but CORRUPT_OBJECT",
    async (name) => {
      await train();
      const codec = codecOf(name);
      const stored = await seal(codec, pod());
      for (let i = 0; i < stored.byteLength; i++) {
        const flipped = Uint8Array.from(stored);
        flipped[i] = (flipped[i] ?? 0) ^ (1 << (i & 7));
        // Raw JSON has no checksum: there a flip may go unseen, but it stays plain data.
        const readable = await read(codec, flipped);
        if (name !== "raw") expect(readable, `byte ${i}`).toBe(false);
        expect(await read(codec, stored.subarray(0, i)), `cut at ${i}`).toBe(false);
      }
    },
    timeoutMs,
  );

  it.each(["maps", "dictionary", "json", "deflated"])(
    "%s: bytes changed under a right checksum are plain data or CORRUPT_OBJECT",
    async (name) => {
      await train();
      const codec = codecOf(name);
      const stored = await seal(codec, pod());
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(stored.byteLength - 5), fc.nat(255)), { minLength: 1, maxLength: 6 }),
          async (changes) => {
            const changed = Uint8Array.from(stored);
            for (const [offset, byte] of changes) changed[offset] = byte;
            await read(codec, resummed(changed));
          },
        ),
        { numRuns: runs },
      );
    },
    timeoutMs,
  );

  it(
    "random bytes behind a right header and checksum are plain data or CORRUPT_OBJECT",
    async () => {
      await train();
      const shared = await seal(codecOf("dictionary"), pod());
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 300 }),
          fc.nat(31),
          fc.constantFrom(1, 2, 3),
          async (rest, flags, body) => {
            const bytes = new Uint8Array(34 + rest.byteLength + 4);
            bytes.set(shared.subarray(0, 34));
            bytes.set(rest, 34);
            bytes[4] = body;
            bytes[5] = flags;
            bytes[22] = rest.byteLength >> 1;
            bytes[23] = 0;
            await read(codecOf("dictionary"), resummed(bytes));
          },
        ),
        { numRuns: runs },
      );
    },
    timeoutMs,
  );

  it(
    "random bytes alone are CORRUPT_OBJECT",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
          for (const codec of Object.values(codecs)) expect(await read(codec, bytes)).toBe(false);
        }),
        { numRuns: runs / 10 },
      );
    },
    timeoutMs,
  );

  it(
    "random JSON in place of raw JSON is an object or CORRUPT_OBJECT",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.json({ maxDepth: 4 }), fc.boolean(), async (text, whole) => {
          const value = whole
            ? `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":${text}}`
            : `{"metadata":${text}}`;
          await read(codecOf("raw"), Buffer.from(value));
        }),
        { numRuns: runs },
      );
    },
    timeoutMs,
  );

  it.each<[string, string]>([
    ["an unsafe integer", '"spec":{"n":9007199254740993}'],
    ["a number that is infinite", '"spec":{"n":1e999}'],
    ["a lone surrogate", '"spec":{"s":"\\ud800"}'],
    ["a million levels", `"spec":${"[".repeat(1e6)}${"]".repeat(1e6)}`],
    ["65 levels", `"spec":${"[".repeat(64)}${"]".repeat(64)}`],
  ])("raw JSON with %s is CORRUPT_OBJECT", async (_, field) => {
    const text = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},${field}}`;
    expect(await read(codecOf("raw"), Buffer.from(text))).toBe(false);
  });

  it("a duplicate key is last-wins and nothing else, as in every JSON parser", async () => {
    const text = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"a":1,"a":2}}';
    const value = await codecOf("raw").open(key, Buffer.from(text));
    expect(codecOf("raw").object(value)["spec"]).toEqual({ a: 2 });
  });

  it("bytes of a dictionary that was changed are refused", () => {
    const { name, bytes } = Dictionary.from([["a", "b"]], ["Word"]);
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), (offset, change) => {
        const changed = Uint8Array.from(bytes);
        changed[offset] = (changed[offset] ?? 0) ^ change;
        expect(() => Dictionary.parse(name, changed)).toThrow(/hash/);
      }),
    );
  });
});
