/**
 * A vitest reporter that writes the output of the JSON reporter plus the reason why each test was skipped. For legs of
 * the matrix; KEELSON_TEST_REPORT names the file.
 */
import { writeFileSync } from "node:fs";

// biome-ignore lint/style/noDefaultExport: vitest takes the default export of the file that --reporter names
export default class SkipReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly { message: string }[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const path = process.env["KEELSON_TEST_REPORT"];
    if (path === undefined) throw new Error("KEELSON_TEST_REPORT names no file");
    /** @type {import("./reports.mjs").Report} */
    const report = {
      testResults: modules.map((module) => ({
        name: module.moduleId,
        status: module.ok() ? "passed" : "failed",
        message: module.errors()[0]?.message ?? "",
        assertionResults: [...module.children.allTests()].map((test) => {
          const result = test.result();
          return {
            fullName: test.fullName.split(" > ").join(" "),
            status: result.state,
            failureMessages: (result.errors ?? []).map(({ stack, message }) => stack ?? message),
            ...(result.state === "skipped" && result.note !== undefined ? { note: result.note } : {}),
          };
        }),
      })),
      outside: unhandledErrors.map(({ message }) => message),
    };
    writeFileSync(path, JSON.stringify(report));
  }
}
