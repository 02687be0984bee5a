import { expect, test } from "vitest";
import { checkOptions } from "../../../../src/base/text/known-options.ts";
import { nearestName } from "../../../../src/base/text/nearest-name.ts";

const names = { labelSelector: true, limit: true, timeoutMs: true } as const;
const check = (options: unknown): void => checkOptions(options, "list", names);

test("known names pass, also none, absent ones and symbols", () => {
  for (const options of [
    undefined,
    {},
    { limit: "any value" },
    { [Symbol("mine")]: 1 },
    { nonsense: undefined },
  ]) {
    check(options);
  }
});

test("an unknown name is refused with the nearest known one", () => {
  expect(() => check({ limt: 5 })).toThrow('there is no option "limt", did you mean "limit"?');
  expect(() => check({ selector: "a=b" })).toThrow('did you mean "labelSelector"?');
  expect(() => check({ TIMEOUTMS: 5 })).toThrow('did you mean "timeoutMs"?');
  expect(() => check({ colour: 5 })).toThrow("expected one of labelSelector, limit, timeoutMs");
  expect(() => check({ __proto__: { limt: 5 } })).not.toThrow();
  expect(() => check(JSON.parse('{ "__proto__": 5 }'))).toThrow('there is no option "__proto__"');
  expect(() => check({ constructor: 5 })).toThrow('there is no option "constructor"');
});

test("what is no object of options is refused", () => {
  for (const options of [null, 5, "limit", [], true])
    expect(() => check(options)).toThrow(/expected an object/);
});

test("the nearest name is the one fewest edits away, or the one it is a piece of", () => {
  const known = ["namespace", "namespaces", "transforms", "prefix"];
  expect(nearestName("namepsace", known)).toBe("namespace");
  expect(nearestName("transform", known)).toBe("transforms");
  expect(nearestName("keyPrefix", known)).toBe("prefix");
  expect(nearestName("colour", known)).toBeUndefined();
});
