/** CI's last line: counted by the runner, and never green for a run that was none. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../../scripts/test-verdict.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "keelson-verdict-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function verdict(
  report: object | string,
  exitCode: number,
): { lastLine: string | undefined; code: number | null } {
  const path = join(folder, "report.json");
  writeFileSync(path, typeof report === "string" ? report : JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, [script, path, String(exitCode)], {
    encoding: "utf8",
  });
  return { lastLine: stdout.trimEnd().split("\n").at(-1), code: status };
}

const counts = (numPassedTests: number, numFailedTests: number, numPendingTests = 0) => ({
  numPassedTests,
  numFailedTests,
  numPendingTests,
  numTodoTests: 0,
  testResults: [],
});

test.each([
  ["a green run", counts(3, 0), 0, "3 passed, 0 failed", 0],
  ["skipped tests are told", counts(3, 0, 2), 0, "3 passed, 0 failed, 2 skipped", 0],
  ["a failed test", counts(3, 1), 1, "3 passed, 1 failed", 1],
  ["no test at all", counts(0, 0), 0, "0 passed, 0 failed", 1],
  ["a runner that crashed after its tests", counts(3, 0), 1, "3 passed, 0 failed", 1],
  ["half a report", '{"numPassedTests": 3', 0, "0 passed, 0 failed", 1],
  [
    "a file that could not be loaded",
    { ...counts(3, 0), testResults: [{ name: "x", status: "failed", message: "no", assertionResults: [] }] },
    0,
    "3 passed, 0 failed",
    1,
  ],
])("verdict of %s", (_, report, exitCode, lastLine, code) => {
  expect(verdict(report, exitCode)).toEqual({ lastLine, code });
});
