import { describe, expect, test } from "vitest";
import type { ListOptions } from "../../../src/resource/contract/reader.ts";
import type { ReadFreshness } from "../../../src/resource/contract/scope.ts";
import type { WatchOptions } from "../../../src/resource/contract/watch.ts";
import { assertPreconditions, parsePreconditions } from "../../../src/resource/options/preconditions.ts";
import {
  parseFreshness,
  parseListOptions,
  parseWatchOptions,
} from "../../../src/resource/options/read-options.ts";
import {
  checkTtl,
  parseCreateOptions,
  parseDeleteOptions,
  parseWriteOptions,
} from "../../../src/resource/options/write-options.ts";
import { gears, widget, widgets } from "./kinds.ts";

const invalid = (argument: string): unknown =>
  expect.objectContaining({ code: "INVALID_ARGUMENT", details: expect.objectContaining({ argument }) });

describe("parseFreshness()", () => {
  test.each<[ReadFreshness | undefined, unknown]>([
    [undefined, { consistency: "linearizable" }],
    [{ consistency: "linearizable" }, { consistency: "linearizable" }],
    [{ consistency: "any" }, { consistency: "any" }],
    [
      { consistency: "notOlderThan", resourceVersion: "5" },
      { consistency: "notOlderThan", revision: 5n },
    ],
    [
      { consistency: "exact", resourceVersion: "5" },
      { consistency: "exact", revision: 5n },
    ],
  ])("reads %j", (read, freshness) => {
    expect(parseFreshness(read)).toEqual(freshness);
  });

  test.each<[unknown, string]>([
    [{}, "read"],
    ["any", "read"],
    [null, "read"],
    [{ consistency: "Exact", resourceVersion: "5" }, "read"],
    [{ consistency: "exact" }, "read.resourceVersion"],
    [{ consistency: "exact", resourceVersion: "0" }, "read.resourceVersion"],
    [{ consistency: "notOlderThan", resourceVersion: "" }, "read.resourceVersion"],
    [{ consistency: "any", resourceVersion: "5" }, "read.resourceVersion"],
  ])("refuses %j", (read, argument) => {
    expect(() => parseFreshness(read as ReadFreshness)).toThrow(invalid(argument));
  });
});

describe("parseListOptions()", () => {
  test("brings nothing into the widest form", () => {
    const parsed = parseListOptions(widgets);
    expect(parsed).toMatchObject({ freshness: { consistency: "linearizable" } });
    expect(parsed.selection.isWholeRange).toBe(true);
    expect(parsed.limit).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [{ limit: 0 }, "limit"],
    [{ limit: -1 }, "limit"],
    [{ limit: 1.5 }, "limit"],
    [{ limit: Number.NaN }, "limit"],
    [{ limit: "5" }, "limit"],
    [{ namespace: ".." }, "namespace"],
    [{ namespace: "" }, "namespace"],
    [{ labelSelector: "a in" }, "labelSelector"],
    [{ fieldSelector: "x=y" }, "fieldSelector"],
    [{ continueToken: 5 }, "continueToken"],
    [{ onCorrupt: true }, "onCorrupt"],
    [{ continueToken: "t", read: { consistency: "exact", resourceVersion: "5" } }, "read"],
    [{ continueToken: "t", read: { consistency: "notOlderThan", resourceVersion: "5" } }, "read"],
  ])("refuses %j", (options, argument) => {
    expect(() => parseListOptions(widgets, options as ListOptions)).toThrow(invalid(argument));
  });

  test.each(["", "x".repeat(1_000_000)])(
    "knows that a token of that length cannot be one",
    (continueToken) => {
      expect(() => parseListOptions(widgets, { continueToken })).toThrow(
        expect.objectContaining({ code: "INVALID_TOKEN" }),
      );
    },
  );

  test("takes a token with a freshness that names no version", () => {
    for (const consistency of ["linearizable", "any"] as const) {
      expect(parseListOptions(widgets, { continueToken: "t", read: { consistency } }).continueToken).toBe(
        "t",
      );
    }
  });

  test("narrows by metadata.name and metadata.namespace", () => {
    const { selection } = parseListOptions(widgets, {
      fieldSelector: "metadata.name=w,metadata.namespace=a",
    });
    expect(selection).toMatchObject({ name: "w", namespace: "a", isWholeRange: false });
    expect(selection.matches(widgets.headOf(widget()))).toBe(true);
    expect(selection.matches(widgets.headOf(widget({ namespace: "b" })))).toBe(false);
  });

  test("never makes a key of a name that is none: it matches nothing", () => {
    for (const fieldSelector of ["metadata.name=../x", "metadata.namespace=../x", "metadata.name="]) {
      const { selection } = parseListOptions(widgets, { fieldSelector });
      expect(selection).toMatchObject({ name: undefined, namespace: undefined });
      expect(selection.matches(widgets.headOf(widget()))).toBe(false);
    }
    const { selection } = parseListOptions(widgets, {
      namespace: "a",
      fieldSelector: "metadata.namespace=b",
    });
    expect(selection.namespace).toBe("a");
    expect(selection.matches(widgets.headOf(widget()))).toBe(false);
  });

  test("equal selections have equal text, others not", () => {
    const text = (options: ListOptions): string => parseListOptions(widgets, options).selection.text;
    expect(text({ labelSelector: "a=b,c" })).toBe(text({ labelSelector: "c,a in (b)" }));
    expect(text({ fieldSelector: { "metadata.namespace": "a" } })).not.toBe(text({ namespace: "a" }));
    expect(text({ namespace: "a" })).not.toBe(text({}));
  });
});

describe("parseWatchOptions()", () => {
  test.each<[WatchOptions, unknown]>([
    [{}, { fromRevision: undefined, initial: undefined }],
    [{ resourceVersion: "5" }, { fromRevision: 5n, initial: undefined }],
    [
      { sendInitialEvents: true },
      { initial: { consistency: "linearizable" }, initialMinRevision: undefined },
    ],
    [
      { sendInitialEvents: true, resourceVersion: "5" },
      {
        initial: { consistency: "notOlderThan", revision: 5n },
        initialMinRevision: 5n,
        fromRevision: undefined,
      },
    ],
    [
      { sendInitialEvents: true, resourceVersion: "5", read: { consistency: "any" } },
      { initial: { consistency: "any" }, initialMinRevision: 5n },
    ],
    [{ name: "w", namespace: "a" }, { selection: { name: "w", namespace: "a" } }],
    [
      { sendInitialEvents: false, bookmarks: true },
      { initial: undefined, bookmarks: true },
    ],
  ])("reads %j", (options, parsed) => {
    expect(parseWatchOptions(widgets, options)).toMatchObject(parsed as object);
  });

  test.each<[unknown, string]>([
    [{ resourceVersion: "0" }, "resourceVersion"],
    [{ resourceVersion: "" }, "resourceVersion"],
    [{ read: { consistency: "any" } }, "read"],
    [{ sendInitialEvents: true, read: { consistency: "exact", resourceVersion: "5" } }, "read"],
    [{ sendInitialEvents: "true" }, "sendInitialEvents"],
    [{ bookmarks: 1 }, "bookmarks"],
    [{ name: "../x" }, "name"],
    [{ name: "" }, "name"],
  ])("refuses %j", (options, argument) => {
    expect(() => parseWatchOptions(widgets, options as WatchOptions)).toThrow(invalid(argument));
  });
});

describe("options of writes", () => {
  test.each([0, -5, 2.5, Number.NaN, Number.POSITIVE_INFINITY, "5", 1e12])("refuse ttlSeconds %s", (ttl) => {
    expect(() => checkTtl(ttl as number)).toThrow(invalid("ttlSeconds"));
  });

  test("take a time to live of 1 second and none", () => {
    expect(parseCreateOptions({ ttlSeconds: 1 })).toEqual({ ttlSeconds: 1, dryRun: false });
    expect(parseCreateOptions()).toEqual({ ttlSeconds: undefined, dryRun: false });
  });

  test("refuse a status write to a kind without one, and an unknown subresource", () => {
    expect(() => parseWriteOptions(gears, { subresource: "status" })).toThrow(invalid("subresource"));
    expect(() => parseWriteOptions(widgets, { subresource: "scale" as "status" })).toThrow(
      invalid("subresource"),
    );
    expect(parseWriteOptions(gears, { subresource: "all" }).subresource).toBe("all");
  });

  test("check a grace period, also one computed from the object", () => {
    expect(() => parseDeleteOptions({ gracePeriodSeconds: -1 })).toThrow(invalid("gracePeriodSeconds"));
    expect(() => parseDeleteOptions({ propagationPolicy: "orphan" as "Orphan" })).toThrow(
      invalid("propagationPolicy"),
    );
    const options = parseDeleteOptions<{ seconds: number }>({ gracePeriodSeconds: ({ seconds }) => seconds });
    expect(options.graceOf({ seconds: 30 })).toBe(30);
    expect(() => options.graceOf({ seconds: 0.5 })).toThrow(invalid("gracePeriodSeconds"));
    expect(parseDeleteOptions().graceOf({})).toBe(0);
  });
});

describe("preconditions", () => {
  test.each<[unknown, string]>([
    [{ uid: "" }, "preconditions.uid"],
    [{ uid: 5 }, "preconditions.uid"],
    [{ resourceVersion: "0" }, "preconditions.resourceVersion"],
    ["x", "preconditions"],
  ])("refuse %j", (preconditions, argument) => {
    expect(() => parsePreconditions(preconditions as { uid: string })).toThrow(invalid(argument));
  });

  test("hold for what they name, and say which one does not", () => {
    const live = { uid: "u", revision: 5n };
    const check = (preconditions: { uid?: string; resourceVersion?: string }): void =>
      assertPreconditions(parsePreconditions(preconditions), live, 'delete Widget "w"');
    expect(() => check({})).not.toThrow();
    expect(() => check({ uid: "u", resourceVersion: "5" })).not.toThrow();
    expect(() => check({ uid: "v" })).toThrow(
      expect.objectContaining({
        code: "PRECONDITION_FAILED",
        details: { field: "uid", expected: "v", actual: "u" },
      }),
    );
    expect(() => check({ uid: "u", resourceVersion: "6" })).toThrow(
      expect.objectContaining({ details: { field: "resourceVersion", expected: "6", actual: "5" } }),
    );
  });
});
