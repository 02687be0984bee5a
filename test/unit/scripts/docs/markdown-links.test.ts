/** Links between the project's pages lead somewhere. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { anchorsOf, brokenLinks, missingPaths } from "../../../../scripts/docs/markdown-links.mjs";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: project,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(project, path)));

test("every relative link of every page leads to a file of the project, and its anchor to a heading", () => {
  expect(pages).toContain("README.md");
  expect(brokenLinks(project, pages)).toEqual([]);
});

test("every path that a page names exists", () => {
  expect(missingPaths(project, pages)).toEqual([]);
});

test("a path that does not exist is found, in code too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-links-"));
  try {
    await writeFile(
      join(folder, "a.md"),
      "`npx vitest run test/a.test.ts`, https://x.example/src/b.ts and ./src/c.ts; src/etcd.\n",
    );
    expect(missingPaths(folder, ["a.md"])).toEqual(["a.md: test/a.test.ts", "a.md: src/etcd"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a link to a file or heading that is not there is found, one inside code is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-links-"));
  try {
    await writeFile(join(folder, "b.md"), "# The `API` of it\n\n## Twice\n\n## Twice\n");
    await writeFile(
      join(folder, "a.md"),
      "[1](b.md) [2](b.md#the-api-of-it) [3](b.md#twice-1) [4](c.md) [5](b.md#nowhere) [6](#here) `[7](d.md)`\n\n```\n[8](e.md)\n```\n\n# Here\n",
    );
    expect(brokenLinks(folder, ["a.md", "b.md"])).toEqual(["a.md: c.md", "a.md: b.md#nowhere"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("an anchor is what GitHub makes of the heading", () => {
  expect([...anchorsOf("# `NOT_FOUND`\n## etcd's words: a, b\n### [x](y.md) & z\n")]).toEqual([
    "not_found",
    "etcds-words-a-b",
    "x--z",
  ]);
});
