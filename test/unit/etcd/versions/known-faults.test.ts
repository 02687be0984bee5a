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
    expect(ids("3.4.41")).toContain("CVE-2026-33413");
    expect(ids("3.4.42")).not.toContain("CVE-2026-33413");
    // A line without a fix keeps the fault for good.
    expect(ids("3.4.45")).toContain("GHSA-xg4h-6gfc-h4m8");
  });

  test("a fix of an older line is none for 3.6, which branched before", () => {
    for (const [id, last, mended] of [
      ["etcd #20221", "3.6.1", "3.6.2"],
      ["etcd #20387", "3.6.3", "3.6.4"],
      ["lease kept alive in vain", "3.6.4", "3.6.5"],
      ["etcd #20650", "3.6.4", "3.6.5"],
      ["CVE-2026-33343", "3.6.8", "3.6.9"],
      ["etcd #21378", "3.6.8", "3.6.9"],
      ["etcd #20418", "3.6.8", "3.6.9"],
      ["CVE-2026-44283", "3.6.10", "3.6.11"],
      ["etcd #21736", "3.6.11", "3.6.12"],
      ["GHSA-3wh4-j44w-pg92", "3.6.12", "3.6.13"],
      ["GHSA-xg4h-6gfc-h4m8", "3.6.13", "3.6.14"],
    ] as const) {
      expect(ids(last), last).toContain(id);
      expect(ids(mended), mended).not.toContain(id);
    }
  });

  test("the newest versions have none", () => {
    expect(ids("3.5.33")).toEqual([]);
    expect(ids("3.6.14")).toEqual([]);
    expect(ids("3.7.1")).toEqual([]);
    expect(ids("3.7.0")).toEqual(["GHSA-xg4h-6gfc-h4m8", "GHSA-6vch-q96h-7gc3"]);
  });

  test("faultlessVersion() is one that has none", () => {
    expect(faultlessVersion("3.5.16")).toBe("3.5.33");
    expect(faultlessVersion("3.5.33")).toBe("3.5.33");
    expect(faultlessVersion("3.6.0")).toBe("3.6.14");
    // The next line, not the newest: etcd is upgraded line by line.
    expect(faultlessVersion("3.4.45")).toBe("3.5.33");
    for (const version of ["3.4.23", "3.5.0", "3.5.30", "3.6.0", "3.6.8", "3.7.0"]) {
      expect(knownFaults(faultlessVersion(version))).toEqual([]);
    }
  });
});
