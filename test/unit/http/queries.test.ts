import { deleteQuery, getQuery, listQuery, watchQuery } from "keelson/http";
import { describe, expect, test } from "vitest";

const q = (text: string): URLSearchParams => new URLSearchParams(text);
const exact = (resourceVersion: string): object => ({ consistency: "exact", resourceVersion });
const notOlderThan = (resourceVersion: string): object => ({ consistency: "notOlderThan", resourceVersion });
const any = { consistency: "any" };
const invalid = (argument: string): unknown =>
  expect.objectContaining({ code: "INVALID_ARGUMENT", details: expect.objectContaining({ argument }) });

describe("getQuery()", () => {
  test.each<[string, object]>([
    ["", {}],
    ["resourceVersion=", {}],
    ["resourceVersion=0", { read: any }],
    ["resourceVersion=5", { read: notOlderThan("5") }],
    ["pretty=true", {}],
  ])("reads %j", (text, options) => {
    expect(getQuery(q(text))).toEqual(options);
  });

  test.each(["-1", "1e3", "0x1", " 5", "05", "9223372036854775808"])("refuses version %j", (version) => {
    const query = new URLSearchParams({ resourceVersion: version });
    expect(() => getQuery(query)).toThrow(invalid("resourceVersion"));
  });
});

describe("listQuery()", () => {
  test.each<[string, object]>([
    ["", {}],
    ["resourceVersion=", {}],
    ["resourceVersion=0", { read: any }],
    ["resourceVersion=0&resourceVersionMatch=NotOlderThan", { read: any }],
    ["resourceVersion=0&limit=10", { read: any, limit: 10 }],
    ["resourceVersion=0&limit=10&resourceVersionMatch=NotOlderThan", { read: any, limit: 10 }],
    ["resourceVersion=5", { read: notOlderThan("5") }],
    ["resourceVersion=5&resourceVersionMatch=", { read: notOlderThan("5") }],
    ["resourceVersion=5&resourceVersionMatch=NotOlderThan", { read: notOlderThan("5") }],
    ["resourceVersion=5&resourceVersionMatch=Exact", { read: exact("5") }],
    ["resourceVersion=5&limit=10", { read: exact("5"), limit: 10 }],
    ["resourceVersion=5&limit=0", { read: notOlderThan("5") }],
    ["resourceVersion=5&limit=10&resourceVersionMatch=NotOlderThan", { read: notOlderThan("5"), limit: 10 }],
    ["resourceVersion=5&limit=10&resourceVersionMatch=Exact", { read: exact("5"), limit: 10 }],
    [
      "resourceVersion=5&limit=10&fieldSelector=metadata.name%3Dw",
      { read: notOlderThan("5"), limit: 10, fieldSelector: "metadata.name=w" },
    ],
    [
      "resourceVersion=5&limit=10&fieldSelector=metadata.name!%3Dw",
      { read: exact("5"), limit: 10, fieldSelector: "metadata.name!=w" },
    ],
    ["continue=abc&limit=10", { continueToken: "abc", limit: 10 }],
    ["continue=abc&resourceVersion=", { continueToken: "abc" }],
    ["continue=abc&resourceVersion=0", { continueToken: "abc" }],
    ["continue=", {}],
    [
      "labelSelector=app%3Dweb&fieldSelector=spec.nodeName%3Dn1",
      { labelSelector: "app=web", fieldSelector: "spec.nodeName=n1" },
    ],
    ["labelSelector=&fieldSelector=", {}],
    ["timeoutSeconds=30", { timeoutMs: 30_000 }],
    ["timeoutSeconds=0", {}],
    ["limit=5&limit=7", { limit: 5 }],
    ["watch=false&pretty=1", {}],
  ])("reads %j", (text, options) => {
    expect(listQuery(q(text))).toEqual(options);
  });

  test.each<[string, string]>([
    ["resourceVersion=x", "resourceVersion"],
    ["resourceVersionMatch=Exact", "resourceVersionMatch"],
    ["resourceVersionMatch=NotOlderThan", "resourceVersionMatch"],
    ["resourceVersion=&resourceVersionMatch=NotOlderThan", "resourceVersionMatch"],
    ["resourceVersion=0&resourceVersionMatch=Exact", "resourceVersionMatch"],
    ["resourceVersion=5&resourceVersionMatch=exact", "resourceVersionMatch"],
    ["continue=abc&resourceVersionMatch=Exact&resourceVersion=5", "resourceVersionMatch"],
    ["continue=abc&resourceVersion=5", "resourceVersion"],
    ["sendInitialEvents=true", "sendInitialEvents"],
    ["sendInitialEvents=false", "sendInitialEvents"],
    ["limit=-1", "limit"],
    ["limit=ten", "limit"],
    ["limit=", "limit"],
    ["limit=1.5", "limit"],
    ["timeoutSeconds=-1", "timeoutSeconds"],
  ])("refuses %j", (text, argument) => {
    expect(() => listQuery(q(text))).toThrow(invalid(argument));
  });
});

describe("watchQuery()", () => {
  const match = "resourceVersionMatch=NotOlderThan";
  test.each<[string, object]>([
    ["", { sendInitialEvents: true }],
    ["watch=1&resourceVersion=", { sendInitialEvents: true }],
    ["resourceVersion=0", { sendInitialEvents: true, read: any }],
    ["resourceVersion=5", { resourceVersion: "5" }],
    [`sendInitialEvents=true&${match}`, { sendInitialEvents: true }],
    [`sendInitialEvents=true&${match}&resourceVersion=0`, { sendInitialEvents: true, read: any }],
    [`sendInitialEvents=true&${match}&resourceVersion=5`, { sendInitialEvents: true, resourceVersion: "5" }],
    [`sendInitialEvents=false&${match}`, {}],
    [`sendInitialEvents=false&${match}&resourceVersion=0`, {}],
    [`sendInitialEvents=false&${match}&resourceVersion=5`, { resourceVersion: "5" }],
    ["resourceVersion=5&allowWatchBookmarks=true", { resourceVersion: "5", bookmarks: true }],
    ["resourceVersion=5&allowWatchBookmarks", { resourceVersion: "5", bookmarks: true }],
    ["resourceVersion=5&allowWatchBookmarks=0", { resourceVersion: "5" }],
    ["resourceVersion=5&allowWatchBookmarks=False", { resourceVersion: "5" }],
    ["resourceVersion=5&timeoutSeconds=60&limit=9", { resourceVersion: "5", timeoutMs: 60_000 }],
    [
      "resourceVersion=5&labelSelector=a&fieldSelector=metadata.name%3Dx",
      { resourceVersion: "5", labelSelector: "a", fieldSelector: "metadata.name=x" },
    ],
  ])("reads %j", (text, options) => {
    expect(watchQuery(q(text))).toEqual(options);
  });

  test.each<[string, string]>([
    ["resourceVersion=5&resourceVersionMatch=NotOlderThan", "resourceVersionMatch"],
    ["resourceVersion=5&resourceVersionMatch=Exact", "resourceVersionMatch"],
    ["sendInitialEvents=true", "resourceVersionMatch"],
    ["sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=5", "resourceVersionMatch"],
    [`sendInitialEvents=true&${match}&continue=abc`, "resourceVersionMatch"],
    ["resourceVersion=-5", "resourceVersion"],
    ["timeoutSeconds=soon", "timeoutSeconds"],
  ])("refuses %j", (text, argument) => {
    expect(() => watchQuery(q(text))).toThrow(invalid(argument));
  });
});

describe("deleteQuery()", () => {
  test.each<[string, unknown, object]>([
    ["", undefined, {}],
    ["", null, {}],
    ["", {}, {}],
    ["gracePeriodSeconds=0", undefined, { gracePeriodSeconds: 0 }],
    ["gracePeriodSeconds=-5", undefined, { gracePeriodSeconds: 1 }],
    ["propagationPolicy=Foreground&dryRun=All", undefined, { propagationPolicy: "Foreground", dryRun: true }],
    ["orphanDependents=true", undefined, { propagationPolicy: "Orphan" }],
    ["orphanDependents=false", undefined, { propagationPolicy: "Background" }],
    ["gracePeriodSeconds=9", { gracePeriodSeconds: 3 }, { gracePeriodSeconds: 3 }],
    ["gracePeriodSeconds=9", {}, {}],
    [
      "",
      {
        kind: "DeleteOptions",
        apiVersion: "v1",
        gracePeriodSeconds: 30,
        preconditions: { uid: "u", resourceVersion: "5" },
        propagationPolicy: "Orphan",
        dryRun: ["All"],
      },
      {
        gracePeriodSeconds: 30,
        preconditions: { uid: "u", resourceVersion: "5" },
        propagationPolicy: "Orphan",
        dryRun: true,
      },
    ],
    [
      "",
      { gracePeriodSeconds: null, preconditions: null, dryRun: [], orphanDependents: true },
      { propagationPolicy: "Orphan" },
    ],
    ["", { preconditions: { uid: "u" } }, { preconditions: { uid: "u" } }],
  ])("reads %j with body %j", (text, body, options) => {
    expect(deleteQuery(q(text), body)).toEqual(options);
  });

  test.each<[string, unknown, string]>([
    ["gracePeriodSeconds=soon", undefined, "gracePeriodSeconds"],
    ["propagationPolicy=orphan", undefined, "propagationPolicy"],
    ["propagationPolicy=Orphan&orphanDependents=true", undefined, "orphanDependents"],
    ["dryRun=Some", undefined, "dryRun"],
    ["", [], "body"],
    ["", "x", "body"],
    ["", { kind: "Pod" }, "body.kind"],
    ["", { gracePeriodSeconds: "5" }, "gracePeriodSeconds"],
    ["", { gracePeriodSeconds: 1.5 }, "gracePeriodSeconds"],
    ["", { preconditions: { resourceVersion: "0" } }, "preconditions.resourceVersion"],
    ["", { preconditions: { uid: 5 } }, "preconditions.uid"],
    ["", { preconditions: "u" }, "preconditions"],
    ["", { dryRun: ["None"] }, "dryRun"],
    ["", { orphanDependents: "yes" }, "orphanDependents"],
    [
      "",
      { ignoreStoreReadErrorWithClusterBreakingPotential: "yes" },
      "ignoreStoreReadErrorWithClusterBreakingPotential",
    ],
  ])("refuses %j with body %j", (text, body, argument) => {
    expect(() => deleteQuery(q(text), body)).toThrow(invalid(argument));
  });
});
