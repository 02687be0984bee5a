import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfText, exactArguments, textOfBytes } from "../../../../tools/etcdctl-lite/text/raw-bytes.ts";

describe("bytes carried in text", () => {
  test("come back as they were, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(bytesOfText(textOfBytes(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("text that is UTF-8 stays itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(textOfBytes(Buffer.from(text))).toBe(text);
        expect(bytesOfText(text)).toEqual(Buffer.from(text));
      }),
    );
  });

  test("arguments get their bytes from the command line, and only from their own", () => {
    const line = Buffer.from("node\0main.js\0put\0k\xff\0häß\0", "latin1");
    const args = ["put", "k\ufffd", "h\ufffd\ufffd"];
    expect(exactArguments(args, line).map((text) => bytesOfText(text).toString("latin1"))).toEqual([
      "put",
      "k\xff",
      "häß",
    ]);
    expect(exactArguments(["get", "k\ufffd"], line)).toEqual(["get", "k\ufffd"]);
  });
});
