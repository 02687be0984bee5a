import fc from "fast-check";
import { expect, test } from "vitest";
import { parseFieldSelector } from "../../src/resource/select/field-selector.ts";
import { parseLabelSelector } from "../../src/resource/select/label-selector.ts";

const key = fc.constantFrom("a", "b", "x.y/c", "constructor", "in");
const value = fc.constantFrom<string>("", "1", "2", "in", "A_b.c");
const labels = fc.dictionary(key, value, { noNullPrototype: true });

/** One term: its text, and what it means in the plainest words. */
type Labels = Readonly<Record<string, string>>;
const has = (of: Labels, name: string): boolean => Object.hasOwn(of, name);
const space = fc.constantFrom("", " ", "  ");
const term = fc.oneof(
  fc.tuple(key, fc.constantFrom("=", "=="), value, space).map(([k, op, v, s]) => ({
    text: `${s}${k}${s}${op}${s}${v}`,
    holds: (of: Labels) => has(of, k) && of[k] === v,
  })),
  fc.tuple(key, value, space).map(([k, v, s]) => ({
    text: `${k}${s}!=${s}${v}${s}`,
    holds: (of: Labels) => !has(of, k) || of[k] !== v,
  })),
  fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 }), space).map(([k, vs, s]) => ({
    text: `${k} in${s}(${vs.join(`${s},${s}`)}${s})`,
    holds: (of: Labels) => has(of, k) && vs.includes(of[k] ?? "?"),
  })),
  fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 })).map(([k, vs]) => ({
    text: `${k} notin (${vs.join(",")})`,
    holds: (of: Labels) => !has(of, k) || !vs.includes(of[k] ?? "?"),
  })),
  key.map((k) => ({ text: k, holds: (of: Labels) => has(of, k) })),
  key.map((k) => ({ text: `!${k}`, holds: (of: Labels) => !has(of, k) })),
);

test("a label selector selects what its terms say in plain words", () => {
  fc.assert(
    fc.property(fc.array(term, { maxLength: 4 }), labels, (terms, of) => {
      const selector = parseLabelSelector(terms.map(({ text }) => text).join(","));
      expect(selector.matches(of)).toBe(terms.every(({ holds }) => holds(of)));
    }),
    { numRuns: 500 },
  );
});

test("canonical text means the same, and is its own canonical text", () => {
  fc.assert(
    fc.property(fc.array(term, { maxLength: 4 }), labels, (terms, of) => {
      const selector = parseLabelSelector(terms.map(({ text }) => text).join(","));
      const again = parseLabelSelector(selector.text);
      expect(again.text).toBe(selector.text);
      expect(again.matches(of)).toBe(selector.matches(of));
    }),
  );
});

test("any text is parsed or refused as an argument, never anything else", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom("a", "in", "notin", "(", ")", ",", "=", "!=", "!", "==", " ", "\\"),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      for (const parse of [
        () => parseLabelSelector(text),
        () => parseFieldSelector(text, { kind: "X", fields: ["a", "in"] }),
      ]) {
        try {
          parse();
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("a field selector selects by value, whatever characters it has, and as an object or text alike", () => {
  const field = fc.constantFrom("spec.a", "spec.b");
  const map = fc.dictionary(field, fc.string(), { noNullPrototype: true });
  const kind = { kind: "X", fields: ["spec.a", "spec.b"] };
  fc.assert(
    fc.property(map, map, (wanted, fields) => {
      const selector = parseFieldSelector(wanted, kind);
      const head = { metadata: { name: "x" }, fields };
      const holds = Object.entries(wanted).every(([name, v]) => (fields[name] ?? "") === v);
      expect(selector.matches(head)).toBe(holds);
      const again = parseFieldSelector(selector.text, kind);
      expect(again.text).toBe(selector.text);
      expect(again.matches(head)).toBe(holds);
    }),
  );
});
