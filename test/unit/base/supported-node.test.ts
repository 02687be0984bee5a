import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { whyTooOld } from "../../../src/base/supported-node.ts";

test.each(["18.20.8", "20.10.0", "20.18.3", "21.7.3", "22.2.0", "22.11.0"])(
  "Node %s is refused by a sentence",
  (version) => {
    expect(whyTooOld(version)).toBe(
      `keelson needs Node 20.19, 22.12, or 23 and later: this is Node ${version}`,
    );
  },
);

test.each(["20.19.0", "20.20.2", "22.12.0", "22.23.3", "23.0.0", "24.0.0", "26.10.0", "30.1.0"])(
  "Node %s is taken",
  (version) => {
    expect(whyTooOld(version)).toBeUndefined();
  },
);

test("the rule is package.json's, and the tool says it in the same words", async () => {
  const manifest = JSON.parse(await readFile("package.json", "utf8"));
  expect(manifest.engines).toEqual({ node: "^20.19.0 || >=22.12.0" });
  const tool = await readFile("tools/etcdctl-lite/cli/supported-node.ts", "utf8");
  expect(tool).toContain("needs Node 20.19, 22.12, or 23 and later: this is Node ");
  expect(tool).toContain("major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)");
});

test("every entry point looks at the version before it loads anything else", async () => {
  const { exports } = JSON.parse(await readFile("package.json", "utf8"));
  for (const door of Object.values<{ "keelson-source"?: string }>(exports)) {
    const source = door["keelson-source"];
    if (source === undefined) continue;
    const text = await readFile(source, "utf8");
    expect(/^(?:import|export)[^;]*/m.exec(text)?.[0]).toMatch(
      /^import "\.{1,2}\/base\/supported-node\.ts"$/,
    );
  }
});
