/**
 * One value per format version and way of writing, kept for ever: what was stored once stays readable, byte for byte.
 * A new format version adds a directory; nothing in an old one ever changes. Made with KEELSON_WRITE_FIXTURES=1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { jsonCodec, msgpackCodec } from "../../../src/codec/form/codec.ts";
import { Dictionary } from "../../../src/codec/msgpack/dictionary.ts";
import { samplesWanted } from "../../../src/codec/msgpack/kind-dictionaries.ts";
import { aesGcm } from "../../../src/codec/sealing/aes-gcm.ts";
import { createValueCodec } from "../../../src/codec/value-codec.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { key, pod, podKind, writeId } from "./objects.ts";

const directory = fileURLToPath(new URL("../../fixtures/value-format/v1/", import.meta.url));
const transform = () =>
  aesGcm({ keys: [{ id: "golden", key: new Uint8Array(32).fill(0x2a) }], random: seededRandom(7) });
const dictionary = Dictionary.from(
  [
    ["spec", "status"],
    [
      "nodeName",
      "restartPolicy",
      "terminationGracePeriodSeconds",
      "priority",
      "ratio",
      "containers",
      "nodeSelector",
    ],
    ["name", "containerPort", "protocol"],
  ],
  ["Always", "Running", "TCP"],
);
const dictionaries = {
  fetch: async () => dictionary.bytes,
  newest: async () => ({ name: dictionary.name, bytes: dictionary.bytes }),
  publish: async () => {},
};
const golden = {
  "msgpack-maps": createValueCodec({ kind: podKind, codec: msgpackCodec({ dictionaries: "off" }) }),
  "msgpack-dictionary": createValueCodec({ kind: podKind, codec: msgpackCodec(), dictionaries }),
  "msgpack-deflated": createValueCodec({
    kind: podKind,
    codec: msgpackCodec({ dictionaries: "off", compressAboveBytes: 0 }),
  }),
  json: createValueCodec({ kind: podKind, codec: jsonCodec() }),
  "json-raw": createValueCodec({ kind: podKind, codec: jsonCodec({ raw: true }) }),
  "sealed-aes-gcm": createValueCodec({
    kind: podKind,
    codec: msgpackCodec(),
    transform: transform(),
    random: seededRandom(11),
  }),
} as const;

const parts = () => ({ key, object: pod(), head: podKind.headOf(pod()), writeId });

describe("format version 1", () => {
  it.each(Object.entries(golden))(
    "%s is read as it was written, and written the same today",
    async (name, codec) => {
      if (name === "msgpack-dictionary") {
        for (let i = 0; i < 2; i++) {
          await codec.seal(parts());
          await codec.settled();
        }
        expect(codec.stats().dictionaryName).toBe(dictionary.name);
      }
      const file = `${directory}${name}.bin`;
      const today = await codec.seal(parts());
      if (process.env["KEELSON_WRITE_FIXTURES"] === "1" && !existsSync(file)) {
        mkdirSync(directory, { recursive: true });
        writeFileSync(file, today);
      }
      const stored = new Uint8Array(readFileSync(file));
      const value = await codec.open(key, stored);
      const { resourceVersion: _, ...metadata } = pod().metadata;
      expect(codec.object(value)).toEqual({ ...pod(), metadata });
      expect(value.stale).toBe(false);
      expect(Buffer.from(today).equals(stored)).toBe(true);
    },
  );

  it("the dictionary itself is read as it was written", () => {
    const file = `${directory}dictionary.bin`;
    if (process.env["KEELSON_WRITE_FIXTURES"] === "1" && !existsSync(file))
      writeFileSync(file, dictionary.bytes);
    const stored = new Uint8Array(readFileSync(file));
    expect(Dictionary.parse(dictionary.name, stored).shapes).toEqual(dictionary.shapes);
    expect(Buffer.from(dictionary.bytes).equals(stored)).toBe(true);
    expect(samplesWanted).toBeGreaterThan(2);
  });
});
