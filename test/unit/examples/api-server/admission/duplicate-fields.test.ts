/** Members that stand twice in one object of a JSON text. */
import { expect, test } from "vitest";
import { duplicateFields } from "../../../../../examples/api-server/admission/duplicate-fields.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";

test.each<[string, readonly string[]]>([
  ['{"a":1,"b":2}', []],
  ['{"a":1,"a":2}', ["a"]],
  ['{"a":1,"a":2,"a":3}', ["a"]],
  ['{"a":{"b":1,"b":2},"b":3}', ["a.b"]],
  ['{"a":[{"b":1},{"b":1,"c":{"d":1,"d":2}}]}', ["a[1].c.d"]],
  ['[{"a":1},{"a":1}]', []],
  ['{"a":"{\\"a\\":1","b":"},{\\\\"}', []],
  ['{"a\\"b":1,"a\\"b":2}', ['a"b']],
  ['{ "a" : 1 ,\n "a" : [ ] }', ["a"]],
  ['{"\\u0061":1,"a":2}', ["a"]],
  ['"text"', []],
  ["[]", []],
])("%s", (text, expected) => {
  expect(duplicateFields(text)).toEqual(expected);
});

test("finds in any document what was put in twice, and nothing else", () => {
  const random = seededRandom(11);
  const strings = ["x", 'q"', "{", "}:,[", "\\", "é\u2028"];
  for (let round = 0; round < 300; round++) {
    const wanted = new Set<string>();
    const write = (path: string, depth: number): string => {
      const kind = depth === 0 ? 0 : random.below(3);
      if (kind === 0) return JSON.stringify(strings[random.below(strings.length)]);
      const count = random.below(4);
      if (kind === 1) {
        return `[${Array.from({ length: count }, (_, i) => write(`${path}[${i}]`, depth - 1)).join(" , ")}]`;
      }
      const members = Array.from({ length: count }, (_, i) => {
        const at = path === "" ? `m${i}` : `${path}.m${i}`;
        const member = `"m${i}" :${write(at, depth - 1)}`;
        if (random.below(8) !== 0) return member;
        wanted.add(at);
        return `${member},"m${i}":0`;
      });
      return `{${members.join(",")}}`;
    };
    const text = write("", 4);
    expect(new Set(duplicateFields(text)), text).toEqual(wanted);
  }
});
