import { describe, expect, test } from "vitest";
import { leasedId, QuotaKeys } from "../../../../src/quota/model/quota-keys.ts";
import { defineKind, definitionOf } from "../../../../src/resource/model/define-kind.ts";
import { KeySpace, nestingKinds, normalizePrefix } from "../../../../src/resource/model/keys.ts";
import { codeOf } from "../../../support/failures.ts";
import { namespacedKind } from "../../../support/kinds.ts";

const pods = definitionOf(namespacedKind("Pod"));
const nodes = definitionOf(
  defineKind({ version: "v1", kind: "Node", plural: "nodes", scope: "Cluster", keyPath: "minions" }),
);
const deployments = definitionOf(namespacedKind("Deployment", { group: "apps" }));
const keys = new KeySpace("/registry");

describe("normalizePrefix()", () => {
  test.each([
    ["/registry", "/registry/"],
    ["registry", "/registry/"],
    ["//registry//", "/registry/"],
    ["/a/b.c/", "/a/b.c/"],
    ["/registry-keelson", "/registry-keelson/"],
  ])("brings %s to %s", (prefix, normal) => {
    expect(normalizePrefix(prefix)).toBe(normal);
  });

  test.each([
    "",
    "/",
    "///",
    "/a//b",
    "/a/../b",
    "/./a",
    "/a b",
    "/a\n",
    "/a\0",
    "/é",
    "/keelson",
    "keelson/",
    "/keelson/registry",
    "/keelson-2",
    "x".repeat(513),
    undefined,
    5,
  ])("refuses %j", (prefix) => {
    expect(codeOf(() => normalizePrefix(prefix))).toBe("INVALID_ARGUMENT");
  });
});

describe("KeySpace", () => {
  test("puts objects where Kubernetes does", () => {
    expect(keys.object(pods, { namespace: "default", name: "web-1" })).toBe("/registry/pods/default/web-1");
    expect(keys.object(deployments, { namespace: "a", name: "b" })).toBe("/registry/apps/deployments/a/b");
    expect(keys.object(nodes, { name: "n1" })).toBe("/registry/minions/n1");
  });

  test("ranges end at the prefix with its last byte plus one", () => {
    expect(keys.range(pods)).toMatchObject({ key: "/registry/pods/", rangeEnd: "/registry/pods0" });
    expect(keys.range(pods, "a")).toMatchObject({ key: "/registry/pods/a/", rangeEnd: "/registry/pods/a0" });
    expect(keys.all()).toMatchObject({ key: "/registry/", rangeEnd: "/registry0" });
  });

  test("a range goes on behind a key and includes only what is left", () => {
    const rest = keys.range(pods, "a").after("/registry/pods/a/m");
    expect(rest).toMatchObject({ key: "/registry/pods/a/m\0", rangeEnd: "/registry/pods/a0" });
    expect(rest.includes("/registry/pods/a/m")).toBe(false);
    expect(rest.includes("/registry/pods/a/ma")).toBe(true);
    expect(rest.includes("/registry/pods/b/n")).toBe(false);
    expect(() => keys.range(pods, "a").after("/registry/pods/b/m")).toThrow(
      "continues only from one of its keys",
    );
  });

  test("parse() takes a key apart again", () => {
    expect(keys.parse(pods, "/registry/pods/default/web-1")).toEqual({ namespace: "default", name: "web-1" });
    expect(keys.parse(nodes, "/registry/minions/n1")).toEqual({ name: "n1" });
    expect(keys.parse(deployments, "/registry/apps/deployments/a/b")).toEqual({ namespace: "a", name: "b" });
  });

  test.each([
    "/registry/pods",
    "/registry/pods/",
    "/registry/pods/a",
    "/registry/pods/a/",
    "/registry/pods//b",
    "/registry/pods/a/b/c",
    "/registry/podsx/a/b",
    "/other/pods/a/b",
  ])("parse() knows that %s is no pod", (key) => {
    expect(keys.parse(pods, key)).toBeUndefined();
  });

  test("parse() knows that a key with a namespace is no cluster-scoped object", () => {
    expect(keys.parse(nodes, "/registry/minions/a/b")).toBeUndefined();
    expect(keys.parse(nodes, "/registry/minions/")).toBeUndefined();
  });

  test("bookkeeping has a root of its own", () => {
    expect(keys.bookkeepingRoot).toBe("/keelson/registry/");
    expect(keys.bookkeeping("epoch")).toBe("/keelson/registry/epoch");
    expect(keys.bookkeepingRange("namespaces")).toMatchObject({
      key: "/keelson/registry/namespaces/",
      rangeEnd: "/keelson/registry/namespaces0",
    });
    expect(keys.bookkeepingRange()).toMatchObject({
      key: "/keelson/registry/",
      rangeEnd: "/keelson/registry0",
    });
    expect(() => keys.bookkeeping("a/b")).toThrow("clean word");
    expect(() => keys.bookkeeping("..")).toThrow("clean word");
    expect(() => keys.bookkeeping("")).toThrow("clean word");
  });

  test("bookkeeping of nested prefixes cannot meet: a later segment is none of its folders", () => {
    for (const prefix of ["/registry/quotas", "/registry/kinds/spec", "/a/b/sessions", "/registry/epoch"]) {
      expect(() => new KeySpace(prefix)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
    // No store lies above the first segment, and every folder there is has to be among those that are refused.
    expect(new KeySpace("/quotas").bookkeepingRoot).toBe("/keelson/quotas/");
    expect(new KeySpace("/registry/tenant-a").bookkeepingRoot).toBe("/keelson/registry/tenant-a/");
    expect(() => keys.bookkeeping("elsewhere", "a")).toThrow("no prefix can name");
  });

  test("bookkeeping of quotas is told apart by its keys, whatever namespaces and quotas are called", () => {
    const quotas = new QuotaKeys(keys);
    for (const namespace of ["", "processes", "spec", "ledger", "cluster", "base"]) {
      expect(quotas.parse(quotas.spec(namespace))).toEqual({ type: "spec", namespace });
      expect(quotas.namespace(namespace).includes(quotas.process("ab"))).toBe(false);
      for (const quota of ["base", "slots", "leased", "grants"]) {
        const place = { namespace, quota, generation: "ab" };
        const ledger = quotas.ledger(namespace, quota, "ab");
        expect(quotas.parse(ledger.base)).toEqual({ type: "base", ...place });
        expect(quotas.parse(ledger.grants)).toEqual({ type: "grants", ...place });
        expect(quotas.parse(ledger.slot("p-1"))).toEqual({ type: "slot", id: "p-1", ...place });
        const object = "/registry/pods/a/base";
        expect(quotas.parse(ledger.leased(object))).toEqual({
          type: "leased",
          id: leasedId(object),
          ...place,
        });
      }
    }
    expect(quotas.parse(quotas.process("ab"))).toEqual({ type: "process", id: "ab" });
  });
});

describe("nestingKinds()", () => {
  test("finds a kind among the keys of another", () => {
    const apps = { keyPath: "apps" };
    expect(nestingKinds([pods, deployments, apps, nodes])).toEqual([apps, deployments]);
    expect(nestingKinds([{ keyPath: "a" }, { keyPath: "a" }])).toHaveLength(2);
  });

  test("lets neighbours be", () => {
    const kinds = ["services/specs", "services/endpoints", "pods", "pods-x", "pods.x", "podsx"];
    expect(nestingKinds(kinds.map((keyPath) => ({ keyPath })))).toBeUndefined();
  });
});
