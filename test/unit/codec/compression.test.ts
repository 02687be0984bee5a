import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { jsonCodec, msgpackCodec } from "../../../src/codec/form/codec.ts";
import { at, flagBits, plainLayout } from "../../../src/codec/form/envelope.ts";
import { createValueCodec } from "../../../src/codec/value-codec.ts";
import { key, pod, podKind, writeId } from "./objects.ts";

const large = () => ({ ...pod(), spec: { nodeName: "n", text: "the same again and again, ".repeat(2000) } });
const seal = async (codec: ReturnType<typeof createValueCodec>, object = large()): Promise<Uint8Array> =>
  codec.seal({ key, object, head: podKind.headOf(object), writeId });

describe.each([
  ["msgpack", msgpackCodec()],
  ["json", jsonCodec()],
])("compression of %s", (_, codec) => {
  const values = createValueCodec({ kind: podKind, codec });

  it("shrinks a large body and gives it back; the value is held compressed", async () => {
    const stored = await seal(values);
    expect(stored.byteLength).toBeLessThan(2000);
    const value = await values.open(key, stored);
    expect(value.bytes).toBe(stored);
    expect(values.object(value)["spec"]).toEqual(large().spec);
    expect(values.head(value).fields["spec.nodeName"]).toBe("n");
    expect(value.stale).toBe(false);
  });

  it("leaves small bodies alone", async () => {
    const stored = await seal(values, pod() as unknown as ReturnType<typeof large>);
    expect((stored[at.flags] ?? 0) & flagBits.deflated).toBe(0);
  });

  it("S19: refuses a body that inflates beyond the cap, without inflating it", async () => {
    const stored = await seal(values);
    const { headEnd } = plainLayout(stored);
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 });
    const value = Buffer.concat([stored.subarray(0, headEnd), bomb, Buffer.alloc(4)]);
    value.writeUInt32LE(crc32(value.subarray(0, value.byteLength - 4)), value.byteLength - 4);
    const opened = await values.open(key, value);
    expect(() => values.object(opened)).toThrow(expect.objectContaining({ code: "CORRUPT_OBJECT" }));
  });

  it("refuses to write a body beyond the cap", async () => {
    const object = { ...pod(), spec: { nodeName: "n", text: "x".repeat(17 * 1024 * 1024) } };
    await expect(seal(values, object)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("never compresses when told not to", async () => {
    const never = createValueCodec({ kind: podKind, codec: msgpackCodec({ compressAboveBytes: false }) });
    expect((await seal(never)).byteLength).toBeGreaterThan(50_000);
  });
});

describe("what a codec refuses to write", () => {
  it.each([
    ["msgpack", msgpackCodec()],
    ["json", jsonCodec()],
    ["raw JSON", jsonCodec({ raw: true })],
  ])("%s: INVALID_OBJECT with the field's path", async (_, codec) => {
    const values = createValueCodec({ kind: podKind, codec });
    const refused = async (object: unknown, field: string): Promise<void> => {
      const promise = (async () =>
        values.seal({
          key,
          object: object as ReturnType<typeof pod>,
          head: podKind.headOf(pod()),
          writeId,
        }))();
      await expect(promise).rejects.toMatchObject({
        code: "INVALID_OBJECT",
        details: { key, errors: [{ field }] },
      });
    };
    await refused({ ...pod(), spec: { at: new Date(0) } }, "spec.at");
    await refused({ ...pod(), spec: { list: [1, { n: Number.NaN }] } }, "spec.list[1].n");
    await refused({ ...pod(), spec: { s: "\udfff" } }, "spec.s");
    let deep: unknown = 1;
    for (let i = 0; i < 70; i++) deep = [deep];
    await refused({ ...pod(), spec: deep }, `spec${"[0]".repeat(63)}`);
  });
});
