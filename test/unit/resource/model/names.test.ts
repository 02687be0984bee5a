import { describe, expect, test } from "vitest";
import {
  generateName,
  generateNameFault,
  labelValueFault,
  type NameRule,
  nameFault,
  qualifiedNameFault,
} from "../../../../src/resource/model/names.ts";
import { seededRandom } from "../../../support/seeded-random.ts";

const long = (count: number): string => "a".repeat(count);

describe("nameFault()", () => {
  test.each<[NameRule, string]>([
    ["label", "a"],
    ["label", "0"],
    ["label", "a-b-1"],
    ["label", long(63)],
    ["subdomain", "a.b-c.d"],
    ["subdomain", "web-7d4b9c6f5-x2x9k"],
    ["subdomain", long(253)],
    ["segment", "system:node:x"],
    ["segment", "A_b=c@d"],
    ["segment", "..."],
  ])("takes %s %s", (rule, name) => {
    expect(nameFault(rule, name)).toBeUndefined();
  });

  test.each<[NameRule, unknown]>([
    ["label", "a.b"],
    ["label", long(64)],
    ["label", "A"],
    ["subdomain", "a..b"],
    ["subdomain", "a.-b"],
    ["subdomain", "a_b"],
    ["subdomain", long(254)],
    ["segment", "."],
    ["segment", ".."],
    ["segment", "a/b"],
    ["segment", "a%2fb"],
    ["segment", "a b"],
    ["segment", "é"],
    ["subdomain", 7],
    ["subdomain", undefined],
    ["subdomain", null],
  ])("refuses %s %s", (rule, name) => {
    expect(nameFault(rule, name)).toBeTypeOf("string");
  });
});

describe("qualifiedNameFault()", () => {
  test.each(["app", "example.com/part-of", "A_b.c", `example.com/${long(63)}`])("takes %s", (key) => {
    expect(qualifiedNameFault(key)).toBeUndefined();
  });
  test.each(["", "/a", "a/", "a/b/c", "Example.com/a", "-a", long(64), `${long(254)}/a`, "__proto__"])(
    "refuses %j",
    (key) => {
      expect(qualifiedNameFault(key)).toBeTypeOf("string");
    },
  );
});

describe("labelValueFault()", () => {
  test.each(["", "a", "A_b.c-d", long(63)])("takes %j", (value) => {
    expect(labelValueFault(value)).toBeUndefined();
  });
  test.each(["-a", "a-", "a b", "a/b", long(64), 3])("refuses %j", (value) => {
    expect(labelValueFault(value)).toBeTypeOf("string");
  });
});

describe("generateName()", () => {
  test.each(["web-", "a", "a.b-", long(63), long(253)])("makes a valid name from %s", (base) => {
    expect(generateNameFault("subdomain", base)).toBeUndefined();
    const name = generateName(base, seededRandom(1));
    expect(nameFault("subdomain", name)).toBeUndefined();
    expect(name.length).toBeLessThanOrEqual(63);
    expect(name.startsWith(base.slice(0, 58))).toBe(true);
  });

  test("gives another name at the next try", () => {
    const random = seededRandom(7);
    expect(new Set(Array.from({ length: 100 }, () => generateName("x-", random))).size).toBe(100);
  });

  test.each(["", "A-", "a/", "-a", "a..", long(254), 4])("refuses base %j", (base) => {
    expect(generateNameFault("subdomain", base)).toBeTypeOf("string");
  });
});
