import { describe, expect, it } from "vitest";
import { jsonCodec, msgpackCodec } from "../../../src/codec/form/codec.ts";
import type { PlainValue, ValueCodec } from "../../../src/codec/form/value.ts";
import { createValueCodec } from "../../../src/codec/value-codec.ts";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { key, pod, podKind, writeId } from "./objects.ts";

const codecs = {
  msgpack: msgpackCodec({ dictionaries: "off" }),
  json: jsonCodec(),
  "raw JSON": jsonCodec({ raw: true }),
} as const;

async function roundTrip(
  codec: ValueCodec,
  object: AnyResource,
): Promise<{ value: PlainValue; stored: Uint8Array }> {
  const stored = await codec.seal({ key, object, head: podKind.headOf(object), writeId });
  return { stored, value: await codec.open(key, stored) };
}

describe.each(Object.entries(codecs))("a value codec writing %s", (name, codec) => {
  const values = createValueCodec({ kind: podKind, codec });

  it("gives the object back without its resourceVersion", async () => {
    const { value, stored } = await roundTrip(values, pod());
    const { resourceVersion: _, ...metadata } = pod().metadata;
    expect(values.object(value)).toEqual({ ...pod(), metadata });
    expect(value.storedBytes).toBe(stored.byteLength);
  });

  it("gives the head back", async () => {
    const { value } = await roundTrip(values, pod());
    const { metadata, ...rest } = podKind.headOf(pod());
    const { resourceVersion: _, ...kept } = metadata as AnyResource["metadata"];
    expect(values.head(value)).toEqual({ ...rest, metadata: kept });
  });

  it("gives fresh objects each time", async () => {
    const { value } = await roundTrip(values, pod());
    expect(values.object(value)).not.toBe(values.object(value));
    expect(values.head(value).metadata).not.toBe(values.head(value).metadata);
  });

  it("is not stale for what it wrote itself, and stale for what the others wrote", async () => {
    for (const [other, otherCodec] of Object.entries(codecs)) {
      const { stored } = await roundTrip(createValueCodec({ kind: podKind, codec: otherCodec }), pod());
      const value = await values.open(key, stored);
      expect(value.stale, other).toBe(other !== name);
      expect(values.object(value)["spec"]).toEqual(pod()["spec"]);
    }
  });
});
