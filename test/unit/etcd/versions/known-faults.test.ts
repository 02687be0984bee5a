import { describe, expect, test } from "vitest";
import { faultlessVersion, knownFaults } from "../../../../src/etcd/versions/known-faults.ts";

const ids = (version: string): readonly string[] => knownFaults(version).map(({ id }) => id);

describe("knownFaults()", () => {
  test("a fault begins where it came in and ends with its line's fix", () => {
    expect(ids("3.5.0")).toContain("etcd #13766");
    expect(ids("3.5.2")).toContain("etcd #13766");
    expect(ids("3.5.3")).not.toContain("etcd #13766");
    expect(ids("3.4.23")).not.toContain("etcd #13766");
  });

  test("each line has its own fix, and a line without one has none", () => {
    expect(ids("3.4.25")).not.toContain("CVE-2021-28235");
    expect(ids("3.5.7")).toContain("CVE-2021-28235");
    expect(ids("3.5.8")).not.toContain("CVE-2021-28235");
    expect(ids("3.4.44")).toContain("CVE-2026-33413");
  });

  test("the newest versions have none", () => {
    expect(ids("3.5.33")).toEqual([]);
    expect(ids("3.6.0")).toEqual([]);
  });

  test("faultlessVersion() is one that has none", () => {
    expect(faultlessVersion("3.5.16")).toBe("3.5.33");
    expect(faultlessVersion("3.5.33")).toBe("3.5.33");
    for (const version of ["3.4.23", "3.5.0", "3.5.30"]) {
      expect(knownFaults(faultlessVersion(version))).toEqual([]);
    }
  });
});
