/** The legs of the version matrix: which are asked for, how a leg's report is counted, and what the table says. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { legTable, noReason, parseLegs, readLeg } from "../../../../scripts/test/matrix-legs.mjs";

test("versions stand first, the rest is for vitest", () => {
  expect(parseLegs([])).toEqual({ versions: [], rest: [] });
  expect(parseLegs(["3.4.23"])).toEqual({ versions: ["3.4.23"], rest: [] });
  expect(parseLegs(["3.4.23", "3.6", "test/x.test.ts", "-t", "3.5"])).toEqual({
    versions: ["3.4.23", "3.6"],
    rest: ["test/x.test.ts", "-t", "3.5"],
  });
  expect(parseLegs(["-t", "lease"])).toEqual({ versions: [], rest: ["-t", "lease"] });
});

const report = {
  testResults: [
    {
      name: "a.test.ts",
      status: "failed",
      message: "",
      assertionResults: [
        { fullName: "etcd lists", status: "passed" },
        { fullName: "etcd watches", status: "failed", failureMessages: ["expected 4 to be 3\n at line 1"] },
        { fullName: "etcd downgrades", status: "skipped", note: "etcd 3.4 has no downgrades" },
        { fullName: "TLS (skipped: no openssl here) serves", status: "skipped" },
        { fullName: "TLS (skipped: no openssl here) refuses", status: "skipped" },
        { fullName: "a test of another platform", status: "skipped" },
      ],
    },
    { name: "b.test.ts", status: "failed", message: "cannot be loaded", assertionResults: [] },
  ],
  outside: ["a rejection that nobody awaits"],
};

test("a leg counts its tests, a file that cannot be loaded and an error outside all tests as failures", () => {
  const leg = readLeg("3.4.23", report, { minutes: 9.5 });
  expect(leg).toMatchObject({ version: "3.4.23", passed: 1, failed: 3, skipped: 4 });
  expect(leg.faults).toEqual([
    "etcd watches: expected 4 to be 3",
    "b.test.ts fails outside its tests: cannot be loaded",
    "outside of all tests: a rejection that nobody awaits",
  ]);
  expect(Object.fromEntries(leg.reasons)).toEqual({
    "etcd 3.4 has no downgrades": 1,
    "no openssl here": 2,
    [`${noReason}: a test of another platform`]: 1,
  });
});

test("a leg without a report, and one in which nothing ran, have failed", () => {
  expect(readLeg("3.6.14", undefined)).toMatchObject({ failed: 1, faults: ["the runner left no report"] });
  expect(readLeg("3.6.14", { testResults: [] })).toMatchObject({ failed: 1, faults: ["no test ran"] });
});

test("the table has a row a leg, then what failed and why tests were skipped", () => {
  const clean = readLeg("3.10.0", { testResults: [{ ...file("passed"), status: "passed" }] });
  expect(legTable([readLeg("3.4.23", report, { flaky: ["a lock: timed out"], minutes: 9.5 }), clean])).toBe(
    [
      "etcd    passed  failed  skipped  minutes",
      "3.4.23       1       3        4      9.5",
      "3.10.0       1       0        0        0",
      "",
      "etcd 3.4.23",
      "  failed: etcd watches: expected 4 to be 3",
      "  failed: b.test.ts fails outside its tests: cannot be loaded",
      "  failed: outside of all tests: a rejection that nobody awaits",
      "  passed on its second run: a lock: timed out",
      "  2 skipped: no openssl here",
      "  1 skipped: etcd 3.4 has no downgrades",
      `  1 skipped: ${noReason}: a test of another platform`,
      "",
    ].join("\n"),
  );
});

function file(status: string) {
  return { name: "c.test.ts", status, message: "", assertionResults: [{ fullName: "c", status }] };
}

test("the reporter writes down what passed, what failed by what, and why a test was skipped", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-reporter-"));
  try {
    const tests = join(folder, "some.test.mjs");
    const vitest = join(createRequire(import.meta.url).resolve("vitest/package.json"), "..");
    writeFileSync(
      tests,
      `import { expect, test } from ${JSON.stringify(join(vitest, "dist", "index.js"))};
test("one", () => {});
test("two", () => expect(4).toBe(3));
test("three", (context) => context.skip("no etcd of 3.6"));
`,
    );
    const written = join(folder, "report.json");
    const reporter = fileURLToPath(new URL("../../../../scripts/test/skip-reporter.mjs", import.meta.url));
    spawnSync(
      process.execPath,
      [join(vitest, "vitest.mjs"), "run", "--root", folder, `--reporter=${reporter}`],
      { cwd: folder, env: { ...process.env, KEELSON_TEST_REPORT: written, VITEST: "" } },
    );
    const leg = readLeg("3.6.14", JSON.parse(readFileSync(written, "utf8")));
    expect(leg).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
    expect(leg.faults[0]).toMatch(/^two: .*expected 4 to be 3/);
    expect([...leg.reasons]).toEqual([["no etcd of 3.6", 1]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
