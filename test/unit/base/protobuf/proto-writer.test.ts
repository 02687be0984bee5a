/** ProtoWriter against protobufjs' writer, for what goes through its shortcuts: lengths of varints, short and long text. */
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { ProtoWriter } from "../../../../src/base/protobuf/proto-writer.ts";

const written = (write: (writer: ProtoWriter) => void, sizeHint?: number): Buffer => {
  const writer = new ProtoWriter(sizeHint);
  write(writer);
  return Buffer.from(writer.finish());
};
const uint64 = (value: bigint) =>
  new protobuf.Writer().uint32(8).uint64({
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: true,
  } as never);

describe("ProtoWriter", () => {
  const edges = [0, 1, 7, 14, 21, 28, 31, 32, 35, 42, 49, 52].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
  test.each([...edges, Number.MAX_SAFE_INTEGER])("writes the varint %d", (value) => {
    const expected = uint64(BigInt(value)).finish();
    expect(written((writer) => writer.numberAlways(1, value), 0)).toEqual(Buffer.from(expected));
    expect(written((writer) => writer.int64Always(1, BigInt(value)), 0)).toEqual(Buffer.from(expected));
  });

  test.each([-1n, -(2n ** 63n), 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n])(
    "writes the int64 %d",
    (value) => {
      const expected = uint64(value);
      expect(written((writer) => writer.int64Always(1, value), 0)).toEqual(Buffer.from(expected.finish()));
    },
  );

  test.each(["", "a", "é", "x".repeat(40), `${"x".repeat(39)}é`, "x".repeat(41), "日本".repeat(9000)])(
    "writes text, case %#",
    (text) => {
      const expected = new protobuf.Writer().uint32(10).string(text).finish();
      expect(written((writer) => writer.bytesAlways(1, text), 0)).toEqual(Buffer.from(expected));
      expect(written((writer) => writer.bytesAlways(1, Buffer.from(text)), 0)).toEqual(Buffer.from(expected));
    },
  );

  test("an inner message has its length before it, and head() counts bytes that stand elsewhere", () => {
    const inner = written((writer) => writer.bytes(1, "abc"));
    const whole = written((writer) => {
      const mark = writer.open();
      writer.bytes(1, "abc");
      writer.close(2, mark);
    });
    const head = written((writer) => writer.head(2, inner.length));
    expect(whole).toEqual(Buffer.concat([head, inner]));
  });

  test("after restart() it writes the next message, and a copy stays as it was", () => {
    const writer = new ProtoWriter(8);
    writer.bytes(1, "x".repeat(100));
    const first = writer.copy();
    const before = Buffer.from(first);
    writer.restart(16);
    writer.number(1, 5);
    expect(Buffer.from(writer.copy())).toEqual(Buffer.of(8, 5));
    expect(Buffer.from(first)).toEqual(before);
  });
});
