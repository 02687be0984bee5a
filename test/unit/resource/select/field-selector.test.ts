import { describe, expect, test } from "vitest";
import { parseFieldSelector } from "../../../../src/resource/select/field-selector.ts";

const kind = { kind: "Pod", fields: ["spec.nodeName", "status.phase"] };
const pod = {
  metadata: { name: "web-1", namespace: "default" },
  fields: { "status.phase": "a=b,c\\d" },
};

describe("parseFieldSelector()", () => {
  test.each<[string, boolean]>([
    ["", true],
    ["metadata.name=web-1", true],
    ["metadata.name==web-1", true],
    ["metadata.name!=web-1", false],
    ["metadata.namespace=default", true],
    ["metadata.namespace=other", false],
    ["spec.nodeName=", true],
    ["spec.nodeName!=", false],
    ["spec.nodeName=n1", false],
    ["spec.nodeName!=n1", true],
    ["status.phase=a\\=b\\,c\\\\d", true],
    ["status.phase!=a\\=b\\,c\\\\d", false],
    ["metadata.name=web-1,metadata.namespace=default", true],
    ["metadata.name=web-1,metadata.namespace!=default", false],
    ["metadata.name=web-1,", true],
  ])("%j selects %s", (text, matches) => {
    expect(parseFieldSelector(text, kind).matches(pod)).toBe(matches);
  });

  test("takes an equality map", () => {
    const selector = parseFieldSelector({ "status.phase": "a=b,c\\d", "metadata.name": "web-1" }, kind);
    expect(selector.matches(pod)).toBe(true);
    expect(selector.valueOf("metadata.name")).toBe("web-1");
    expect(selector.valueOf("spec.nodeName")).toBeUndefined();
    expect(parseFieldSelector(selector.text, kind).text).toBe(selector.text);
  });

  test.each<unknown>([
    "spec.unknown=x",
    "constructor=x",
    "__proto__=x",
    "metadata.labels=x",
    "metadata.name",
    "=x",
    "metadata.name=a=b",
    "metadata.name=a\\b",
    "metadata.name=a\\",
    "metadata.name>a",
    "metadata.name in (a)",
    5,
    null,
    [],
    { "spec.unknown": "x" },
    { "metadata.name": 5 },
    "x".repeat(65_537),
    Array.from({ length: 300 }, (_, i) => `metadata.name!=x${i}`).join(","),
  ])("refuses %j", (selector) => {
    expect(() => parseFieldSelector(selector as string, kind)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: expect.objectContaining({ argument: "fieldSelector" }),
      }),
    );
  });

  test("equal selectors have equal text", () => {
    const texts = [
      "metadata.name=a,status.phase!=b",
      "status.phase!=b, metadata.name == a".replace(" == ", "="),
    ].map((text) => parseFieldSelector(text, kind).text);
    expect(new Set(texts).size).toBe(1);
  });
});
