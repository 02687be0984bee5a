import { describe, expect, it } from "vitest";
import { MsgpackReader } from "../../../../src/codec/msgpack/msgpack-reader.ts";
import { MsgpackWriter } from "../../../../src/codec/msgpack/msgpack-writer.ts";
import { TextShapes } from "../../../../src/codec/msgpack/text-shapes.ts";

function roundTrip(record: Record<string, string>, shapes: TextShapes): Record<string, string> {
  const writer = new MsgpackWriter();
  writer.begin(undefined);
  writer.writeTextRecord(record);
  const bytes = Uint8Array.from(writer.written());
  const reader = new MsgpackReader(bytes, 0, bytes.byteLength, undefined, undefined);
  const read = reader.readTextRecord(shapes);
  reader.finish();
  return read;
}

describe("text records with remembered key sets", () => {
  it("read the same before and after their key set is compiled, whatever the keys", () => {
    const shapes = new TextShapes();
    const keySets = Array.from({ length: 300 }, (_, i) => [`app-${i}`, "größe", `k8s.io/${"x".repeat(i)}`]);
    for (let round = 0; round < 80; round++) {
      for (const [i, keys] of keySets.entries()) {
        const record = Object.fromEntries(keys.map((name, n) => [name, `${i}-${n}-${round} ü`]));
        expect(roundTrip(record, shapes)).toEqual(record);
      }
    }
  });

  it("hold no more than their bound over key sets without end, and an empty record stays empty", () => {
    const shapes = new TextShapes();
    for (let i = 0; i < 5000; i++)
      expect(roundTrip({ [`key-${i}`]: "v" }, shapes)).toEqual({ [`key-${i}`]: "v" });
    expect(roundTrip({}, shapes)).toEqual({});
  });

  it("keep names that every object inherits as fields of their own", () => {
    const shapes = new TextShapes();
    const record = { constructor: "a", toString: "b", hasOwnProperty: "c" };
    for (let i = 0; i < 100; i++) expect(roundTrip(record, shapes)).toEqual(record);
    expect(Object.getPrototypeOf(roundTrip(record, shapes))).toBe(Object.prototype);
  });
});
