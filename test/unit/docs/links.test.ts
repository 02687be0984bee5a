/** Links between the project's pages lead somewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const project = fileURLToPath(new URL("../../..", import.meta.url));
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: project, encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(project, path)));

test("every relative link of every page leads to a file of the project", () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(project, page), "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(project, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(pages).toContain("README.md");
  expect(broken).toEqual([]);
});
