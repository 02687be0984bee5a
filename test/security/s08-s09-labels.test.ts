/** S8 and S9 of the bad-input list: labels, annotations and selectors of hostile size or content. */
import { describe, expect, test } from "vitest";
import type { Draft } from "../../src/resource/model/resource.ts";
import { validateDraft } from "../../src/resource/objects/validate-object.ts";
import { parseFieldSelector } from "../../src/resource/select/field-selector.ts";
import { parseLabelSelector } from "../../src/resource/select/label-selector.ts";
import { codeOf } from "../support/failures.ts";
import { type Widget, widgets } from "../unit/resource/kinds.ts";

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "v"]));

describe("S8: labels and annotations", () => {
  test.each<[string, Record<string, unknown>]>([
    ["a key of 64 characters", { labels: { ["k".repeat(64)]: "v" } }],
    ["a prefix of 254 characters", { labels: { [`${"p".repeat(254)}/k`]: "v" } }],
    ["a value of 64 characters", { labels: { k: "v".repeat(64) } }],
    ["a value with a slash", { labels: { k: "a/b" } }],
    ["a value with a newline at its end", { labels: { k: "v\n" } }],
    ["a value that is no ASCII", { labels: { k: "é" } }],
    ["a key that sets the prototype", { labels: JSON.parse('{"__proto__":"v"}') }],
    ["10,000 labels", { labels: many(10_000) }],
    ["more than 256 KiB of annotations", { annotations: { a: "x".repeat(262_145) } }],
    [
      "256 KiB of annotations in bytes that are fewer characters",
      { annotations: { a: "é".repeat(140_000) } },
    ],
  ])("%s: refused", (_, metadata) => {
    const draft = { metadata: { name: "w", namespace: "a", ...metadata } } as Draft<Widget>;
    expect(codeOf(() => validateDraft(widgets, draft))).toBe("INVALID_OBJECT");
  });

  test("names of Object.prototype are labels like others", () => {
    const labels = { constructor: "a", toString: "b", hasOwnProperty: "c" };
    expect(codeOf(() => validateDraft(widgets, { metadata: { name: "w", namespace: "a", labels } }))).toBe(
      "accepted",
    );
    expect(parseLabelSelector("constructor=a,hasOwnProperty in (c)").matches(labels)).toBe(true);
  });
});

describe("S9: selectors", () => {
  test.each<[string, string]>([
    ["1 MB of text", "a".repeat(1_000_000)],
    ["10,000 terms", Array.from({ length: 10_000 }, (_, i) => `a${i}`).join(",")],
    ["10,000 values", `a in (${Array.from({ length: 10_000 }, (_, i) => `v${i}`).join(",")})`],
    ["nested parentheses", `a in ${"(".repeat(20_000)}`],
    ["only blanks and a wrong end", `${" ".repeat(60_000)}(`],
    ["the prototype as a key", "__proto__=x"],
    ["a regular expression as a value", "a=(x+)+$"],
    ["a regular expression as a key", "(a+)+=b"],
  ])("%s: refused", (_, text) => {
    expect(codeOf(() => parseLabelSelector(text))).toBe("INVALID_ARGUMENT");
    expect(codeOf(() => parseFieldSelector(text, widgets))).toBe("INVALID_ARGUMENT");
  });

  test("only commas: no label selector, and a field selector without terms", () => {
    const text = ",".repeat(60_000);
    expect(codeOf(() => parseLabelSelector(text))).toBe("INVALID_ARGUMENT");
    expect(parseFieldSelector(text, widgets).isEmpty).toBe(true);
  });

  test("a refusal shows a piece of a hostile selector, not all of it", () => {
    for (const text of ["a".repeat(1_000_000), `a=${"x".repeat(60_000)}`, "(".repeat(60_000)]) {
      try {
        parseLabelSelector(text);
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message.length).toBeLessThan(1_000);
      }
    }
  });

  test("inherited names match nothing that is not there", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
      expect(parseLabelSelector(name).matches({})).toBe(false);
      expect(parseLabelSelector(`!${name}`).matches({})).toBe(true);
      expect(parseLabelSelector(`${name}!=x`).matches({})).toBe(true);
    }
    expect(codeOf(() => parseFieldSelector("constructor=x", widgets))).toBe("INVALID_ARGUMENT");
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("the largest selector that is taken is parsed once and matched by look-ups", () => {
    const values = Array.from({ length: 4_096 }, (_, i) => `v${i}`);
    const selector = parseLabelSelector(`a in (${values.join(",")})`);
    expect(selector.terms).toHaveLength(1);
    expect(selector.terms[0]?.values.size).toBe(4_096);
    expect(selector.matches({ a: "v4095" })).toBe(true);
    expect(selector.matches({ a: "v4096" })).toBe(false);
  });
});
