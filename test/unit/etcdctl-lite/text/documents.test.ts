/** What is printed comes back the same, whatever version of YAML reads it, and no control character gets to a terminal. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { jsonDocument, yamlDocument } from "../../../../tools/etcdctl-lite/text/documents.ts";
import { printable } from "../../../../tools/etcdctl-lite/text/printable.ts";

const odd = fc.constantFrom(
  ..."yes No ON off y n ~ null True .inf -.INF .nan 1_000 0b11 0o17 0755 0x1f 1e3 1:30 190:20:30 2026-01-02 << = +.5 - . ._ ._5".split(
    " ",
  ),
  "2026-01-02T03:04:05Z",
  " padded ",
  "two\nlines\n",
  "tab\tin it",
  "# no comment",
  "a: b",
  "\u001b[31mred\u001b[2J",
  "\u009b31m",
  "\u202egnp.exe",
  "\r\n",
  "",
  "a\u2028b",
  "\u2029",
  "\ufeff",
  "a\uffff",
);
/** Text that is nearly a number, a date or a word of some version. */
const nearly = fc.string({ unit: fc.constantFrom(..."0123456789+-._:eExXbBoOinfa~ydt #'"), maxLength: 6 });
const text = fc.oneof(
  odd,
  nearly,
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
/** Ends of lines and documents for a reader of YAML 1.1, and what no version takes for a character. */
const unsafe = /[\u2028\u2029\ufeff\ufffe\uffff]/;

test("text comes back as text from YAML 1.1 and 1.2, in keys and values", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text))),
      async (object) => {
        const shown = await yamlDocument({ data: { ...object } });
        expect(shown).not.toMatch(controls);
        expect(shown).not.toMatch(unsafe);
        for (const version of ["1.1", "1.2"] as const) {
          expect(
            parse(shown, { version, merge: false, schema: version === "1.1" ? "yaml-1.1" : "core" }),
          ).toEqual({ data: { ...object } });
        }
        expect(JSON.parse(jsonDocument(object))).toEqual({ ...object });
        expect(jsonDocument(object)).not.toMatch(controls);
      },
    ),
  );
});

test("a line for people has no control character, and no second line", () => {
  expect(printable("esc/\u001b[31mred\u001b[2J")).toBe("esc/\\x1b[31mred\\x1b[2J");
  expect(printable("a\nb\tc\u202ed")).toBe("a\\nb\\tc\\u202ed");
  expect(printable("a\nb\u0000", "lines")).toBe("a\nb\\x00");
});
