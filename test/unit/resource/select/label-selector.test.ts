import { describe, expect, test } from "vitest";
import type { LabelSelector } from "../../../../src/resource/contract/scope.ts";
import { parseLabelSelector } from "../../../../src/resource/select/label-selector.ts";

const web = { app: "web", tier: "front", empty: "" };

describe("parseLabelSelector() of text", () => {
  test.each<[string, boolean]>([
    ["", true],
    ["  ", true],
    ["app=web", true],
    ["app==web", true],
    ["app=db", false],
    ["app!=db", true],
    ["app!=web", false],
    ["none!=x", true],
    ["none=x", false],
    ["app in (web,db)", true],
    ["app in ( db , web )", true],
    ["app in (db)", false],
    ["none in (x)", false],
    ["app notin (db)", true],
    ["app notin (web,db)", false],
    ["none notin (x)", true],
    ["app", true],
    ["none", false],
    ["!none", true],
    ["! none", true],
    ["!app", false],
    ["app=web,tier=front", true],
    ["app=web , tier != front", false],
    ["empty=", true],
    ["empty", true],
    ["app=", false],
    ["empty in (a,)", true],
    ["in=web", false],
    ["in in (in)", false],
    ["constructor", false],
    ["toString!=x", true],
    ["app=web,app=db", false],
  ])("%j selects %s", (text, matches) => {
    expect(parseLabelSelector(text).matches(web)).toBe(matches);
  });

  test.each([
    ",",
    "a,",
    ",a",
    "a,,b",
    "=",
    "a=b=c",
    "a in",
    "a in b",
    "a in (b",
    "a in (b))",
    "a in ((b))",
    "a b",
    "!",
    "!a=b",
    "!!a",
    "(a)",
    "a>1",
    "a=é",
    "a=b c",
    "-a=b",
    "a/b/c=d",
    "a=b\0",
    `a=${"x".repeat(64)}`,
    "__proto__=x",
  ])("refuses %j", (text) => {
    expect(() => parseLabelSelector(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: expect.objectContaining({ argument: "labelSelector" }),
      }),
    );
  });

  test("matches an object without labels only by absence", () => {
    expect(parseLabelSelector("!a,b!=c").matches(undefined)).toBe(true);
    expect(parseLabelSelector("a").matches(undefined)).toBe(false);
  });
});

describe("parseLabelSelector() of an object", () => {
  test("means the same as its text", () => {
    const selector: LabelSelector = {
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "In", values: ["b", "a"] },
        { key: "env", operator: "NotIn", values: ["dev"] },
        { key: "x", operator: "Exists" },
        { key: "y", operator: "DoesNotExist", values: [] },
      ],
    };
    expect(parseLabelSelector(selector).text).toBe(
      parseLabelSelector("!y,x,env!=dev,tier in (a,b),app=web").text,
    );
  });

  test.each<unknown>([
    null,
    5,
    [],
    { app: "web" },
    { matchLabels: { app: 5 } },
    { matchLabels: "app=web" },
    { matchExpressions: {} },
    { matchExpressions: [null] },
    { matchExpressions: [{ key: "a", operator: "in", values: ["b"] }] },
    { matchExpressions: [{ key: "a", operator: "In" }] },
    { matchExpressions: [{ key: "a", operator: "In", values: [] }] },
    { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] },
    { matchExpressions: [{ operator: "Exists" }] },
    { matchExpressions: [{ key: "a", operator: "In", values: "b" }] },
  ])("refuses %j", (selector) => {
    expect(() => parseLabelSelector(selector as LabelSelector)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

test("a selector tells an index which values can match", () => {
  const selector = parseLabelSelector("app in (a,b),tier,env!=x");
  expect(selector.valuesOf("app")).toEqual(new Set(["a", "b"]));
  expect(selector.valuesOf("tier")).toBeUndefined();
  expect(selector.valuesOf("env")).toBeUndefined();
  expect(selector.isEmpty).toBe(false);
  expect(parseLabelSelector(undefined).isEmpty).toBe(true);
});

test("canonical text is one for equal selectors and parses to the same", () => {
  const texts = ["b=1,a", "a , b == 1", "a,a,b in (1)", "b in (1,1),a"].map(
    (text) => parseLabelSelector(text).text,
  );
  expect(new Set(texts)).toEqual(new Set(["a,b=1"]));
  expect(parseLabelSelector("e in (,b)").text).toBe("e in (,b)");
  expect(parseLabelSelector(parseLabelSelector("e in (,b),f=").text).text).toBe("e in (,b),f=");
});
