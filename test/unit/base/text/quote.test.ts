import { expect, test } from "vitest";
import { quote } from "../../../../src/base/text/quote.ts";

test("quote() shows ordinary text as it is", () => {
  expect(quote("web-1")).toBe('"web-1"');
});

test("quote() escapes what could forge a log line", () => {
  const text = quote('a"\n\u202eb\ud800\u0085\u2028\u00a0\ue000\u{e0041}');
  expect(text).toBe('"a\\"\\n\\u202eb\\ud800\\u0085\\u2028\\u00a0\\ue000\\udb40\\udc41"');
  expect(text).toMatch(/^[\x20-\x7e]*$/);
});

test("quote() leaves text of any script readable", () => {
  expect(quote("很长的 é नमस्ते 😀")).toBe('"很长的 é नमस्ते 😀"');
});

test("quote() cuts long text and says how long it was", () => {
  const text = quote("x".repeat(100_000));
  expect(text.length).toBeLessThan(400);
  expect(text).toContain("100000 characters");
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  [3, "3"],
  [3n, "3n"],
  [true, "true"],
  [{}, "an object"],
  [[], "an array"],
  [() => 0, "a function"],
])("quote() names %s without showing its content", (value, text) => {
  expect(quote(value)).toBe(text);
});
