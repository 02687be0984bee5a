/** Go's JSON text, against what Go 1.22 and later print (json.Marshal). */
import { expect, test } from "vitest";
import { goJsonText } from "../../../../src/base/text/go-json-text.ts";

test.each([
  ["a<b>&c", '"a\\u003cb\\u003e\\u0026c"'],
  ["\u2028\u2029", '"\\u2028\\u2029"'],
  ["\b\f\n\r\t\u0001\u007f", '"\\b\\f\\n\\r\\t\\u0001\u007f"'],
  ["\\u003c", '"\\\\u003c"'],
  [{ "<": [1, null, "&"] }, '{"\\u003c":[1,null,"\\u0026"]}'],
])("%j is %s", (value, text) => {
  expect(goJsonText(value)).toBe(text);
  expect(JSON.parse(text)).toEqual(value);
});
