/** S12 of the bad-input list: text that looks like a resourceVersion and is none, at every place that takes one. */
import { describe, expect, test } from "vitest";
import { isStoreError } from "../../src/errors.ts";
import { listQuery } from "../../src/http/query/read-queries.ts";
import { parseResourceVersion } from "../../src/resource/model/revision.ts";
import { validateReplacement } from "../../src/resource/objects/validate-object.ts";
import { parsePreconditions } from "../../src/resource/options/preconditions.ts";
import {
  parseFreshness,
  parseListOptions,
  parseWatchOptions,
} from "../../src/resource/options/read-options.ts";
import { widget, widgets } from "../unit/resource/kinds.ts";

const bad: readonly unknown[] = [
  "",
  "0",
  "00",
  "05",
  "-1",
  "+5",
  "1e3",
  "0x1",
  " 5",
  "5 ",
  "5\n",
  "5.0",
  "5n",
  "1_000",
  "٥",
  "NaN",
  "18446744073709551616",
  "9223372036854775808",
  "9".repeat(1_000_000),
  5,
  5n,
  null,
  {},
];

const argumentOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isStoreError(error, "INVALID_ARGUMENT") ? error.details.argument : `${error}`;
  }
  return "accepted";
};

describe.each(bad.map((text) => [String(text).slice(0, 30), text as string]))(
  "S12: version %j",
  (_, resourceVersion) => {
    test("is refused by reads, naming the argument", () => {
      for (const consistency of ["exact", "notOlderThan"] as const) {
        const read = { consistency, resourceVersion };
        expect(argumentOf(() => parseFreshness(read))).toBe("read.resourceVersion");
        expect(argumentOf(() => parseListOptions(widgets, { read }))).toBe("read.resourceVersion");
      }
      expect(argumentOf(() => parseWatchOptions(widgets, { resourceVersion }))).toBe("resourceVersion");
    });

    test("is refused by preconditions and updates", () => {
      expect(argumentOf(() => parsePreconditions({ resourceVersion }))).toBe("preconditions.resourceVersion");
      // An object's own metadata says "" and null for "none", as Kubernetes takes it.
      if (resourceVersion === "" || resourceVersion === null) return;
      expect(() => validateReplacement(widgets, widget({ resourceVersion }))).toThrow(
        expect.objectContaining({ code: "INVALID_OBJECT" }),
      );
    });
  },
);

test("S12: versions beyond 2^53 are read exactly, up to 2^63 - 1", () => {
  expect(parseResourceVersion("9007199254740993", "x")).toBe(9007199254740993n);
  expect(parseResourceVersion("9223372036854775807", "x")).toBe(2n ** 63n - 1n);
});

test('S12: only a query may say "" and "0", and they never get further than the query', () => {
  expect(listQuery(new URLSearchParams("resourceVersion="))).toEqual({});
  expect(listQuery(new URLSearchParams("resourceVersion=0"))).toEqual({ read: { consistency: "any" } });
});
