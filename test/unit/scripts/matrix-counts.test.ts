import { expect, test } from "vitest";
import { countsByVersion, unnamed } from "../../../scripts/test/matrix-counts.mjs";

const result = (fullName: string, status: string): { fullName: string; status: string } => ({
  fullName,
  status,
});

test("tests are counted by the etcd in their name, oldest first, and a file without tests is a failure", () => {
  const report = {
    testResults: [
      {
        name: "a.test.ts",
        status: "failed",
        message: "",
        assertionResults: [
          result("etcd 3.10.0 lists", "passed"),
          result("etcd 3.4.23 lists", "passed"),
          result("etcd 3.4.23 watches", "failed"),
          result("etcd 3.6.14 downgrades", "skipped"),
          result("every call ends", "passed"),
        ],
      },
      { name: "b.test.ts", status: "failed", message: "cannot be loaded", assertionResults: [] },
    ],
  };
  expect([...countsByVersion(report)]).toEqual([
    ["3.4.23", { passed: 1, failed: 1, skipped: 0 }],
    ["3.6.14", { passed: 0, failed: 0, skipped: 1 }],
    ["3.10.0", { passed: 1, failed: 0, skipped: 0 }],
    [unnamed, { passed: 1, failed: 1, skipped: 0 }],
  ]);
  expect(countsByVersion(undefined).size).toBe(0);
});
