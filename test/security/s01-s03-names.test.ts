/**
 * S1 to S3 of the bad-input list: names and namespaces that must never reach a key, on every verb. Pure: nothing
 * here has a connection, so nothing can be sent.
 */
import { describe, expect, test } from "vitest";
import { quote } from "../../src/base/text/quote.ts";
import { KeySpace } from "../../src/resource/model/keys.ts";
import { nameFault } from "../../src/resource/model/names.ts";
import type { Draft } from "../../src/resource/model/resource.ts";
import { validateDraft } from "../../src/resource/objects/validate-object.ts";
import { parseListOptions, parseWatchOptions } from "../../src/resource/options/read-options.ts";
import { codeOf } from "../support/failures.ts";
import { gears, type Widget, widgets } from "../unit/resource/kinds.ts";

const keys = new KeySpace("/registry");

const badEverywhere: readonly string[] = [
  "",
  ".",
  "..",
  "../x",
  "a/b",
  "a%2fb",
  "%2e%2e",
  "a\0",
  "a\u0001",
  "a b",
  " a",
  "a\n",
  "a\n../x",
  "A",
  "-a",
  "a-",
  ".a",
  "a.",
  "a".repeat(254),
  // S2
  "é",
  "e\u0301",
  "\uff0f",
  "\u202ea",
  "\ud800",
  "a\udfff",
  "\u{1f600}",
];

describe("S1, S2: names", () => {
  test.each(badEverywhere.map((name) => [quote(name), name]))("%s is no name of any verb", (_, name) => {
    expect(codeOf(() => keys.object(widgets, { namespace: "a", name }))).toBe("INVALID_ARGUMENT");
    expect(codeOf(() => keys.object(gears, { name }))).toBe("INVALID_ARGUMENT");
    expect(codeOf(() => parseWatchOptions(widgets, { namespace: "a", name }))).toBe("INVALID_ARGUMENT");
    const draft: Draft<Widget> = { metadata: { name, namespace: "a" } };
    expect(codeOf(() => validateDraft(widgets, draft))).toBe("INVALID_OBJECT");
  });

  test("a label has 63 characters at most, a subdomain 253", () => {
    expect(nameFault("label", "a".repeat(63))).toBeUndefined();
    expect(nameFault("label", "a".repeat(64))).toBeDefined();
    expect(nameFault("subdomain", "a".repeat(253))).toBeUndefined();
    expect(nameFault("subdomain", "a".repeat(254))).toBeDefined();
  });

  test("S2: names that are one to the eye are refused both, not stored as two", () => {
    const twins = ["caf\u00e9", "cafe\u0301"];
    expect(twins[0]?.normalize("NFD")).toBe(twins[1]);
    for (const name of twins) {
      expect(codeOf(() => keys.object(widgets, { namespace: "a", name }))).toBe("INVALID_ARGUMENT");
    }
  });

  test("a refused name cannot forge a line of a log", () => {
    try {
      keys.object(widgets, { namespace: "a", name: "x\n2026 ERROR forged\u202e" });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toMatch(/^[\x20-\x7e]*$/);
    }
  });
});

describe("S3: namespaces, on every verb", () => {
  test.each([...badEverywhere, "a.b", "a".repeat(64)].map((name) => [quote(name), name]))(
    "%s is no namespace of get, list, watch, create, nor of a range",
    (_, namespace) => {
      expect(codeOf(() => keys.object(widgets, { namespace, name: "w" }))).toBe("INVALID_ARGUMENT");
      expect(codeOf(() => keys.range(widgets, namespace))).toBe("INVALID_ARGUMENT");
      expect(codeOf(() => parseListOptions(widgets, { namespace }))).toBe("INVALID_ARGUMENT");
      expect(codeOf(() => parseWatchOptions(widgets, { namespace }))).toBe("INVALID_ARGUMENT");
      const draft: Draft<Widget> = { metadata: { name: "w", namespace } };
      expect(codeOf(() => validateDraft(widgets, draft))).toBe("INVALID_OBJECT");
    },
  );

  test("a type that is no text is refused too", () => {
    for (const namespace of [null, 5, {}, ["a"], true] as unknown as string[]) {
      expect(codeOf(() => keys.object(widgets, { namespace, name: "w" }))).toBe("INVALID_ARGUMENT");
      expect(codeOf(() => keys.object(widgets, { namespace: "a", name: namespace }))).toBe(
        "INVALID_ARGUMENT",
      );
      expect(codeOf(() => parseListOptions(widgets, { namespace }))).toBe("INVALID_ARGUMENT");
    }
  });
});
