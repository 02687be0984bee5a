/** `npm run cases`: what it says of a folder of programs, by their exit codes. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const script = join(import.meta.dirname, "../../../scripts/run-cases.mjs");

async function folderOf(cases: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-cases-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(cases)) await writeFile(join(folder, name), text);
  return folder;
}

function run(...args: readonly string[]): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
  });
}

/** Sound in its first run, not in its second: as a race is. */
const race = `
  import { existsSync, writeFileSync } from "node:fs";
  const mark = new URL("./ran", import.meta.url);
  if (existsSync(mark)) { console.log("FAULT: it raced"); process.exit(1); }
  writeFileSync(mark, "");
`;

test("a fault in one run of three is a fault, told with its line", { timeout: 60_000 }, async () => {
  const folder = await folderOf({
    "a.mjs": "",
    "b.mjs": race,
    "_world.mjs": "process.exit(1)",
    "note.txt": "",
  });
  const { code, output } = await run(folder);
  expect(code).toBe(1);
  expect(output).toMatch(/^a +sound +0 0 0 /m);
  expect(output).toMatch(/^b +FAULT +0 1 1 /m);
  expect(output).toContain("FAULT: it raced");
  expect(output).toContain("2 cases, 3 times each: 1 sound, 1 FAULT");
});

test("a case that cannot run is no fault; one that crashes is", { timeout: 60_000 }, async () => {
  const cannot = await folderOf({ "a.mjs": "process.exit(3)" });
  expect(await run(cannot, "--times", "1")).toMatchObject({
    code: 0,
    output: expect.stringContaining("cannot run"),
  });
  const crash = await folderOf({ "a.mjs": "process.kill(process.pid, 'SIGKILL'); setInterval(() => 0, 9)" });
  expect(await run(crash, "--times", "1")).toMatchObject({
    code: 1,
    output: expect.stringContaining("SIGKILL"),
  });
});

test("a folder without cases, or none named, is refused", { timeout: 60_000 }, async () => {
  expect((await run(await folderOf({ "_world.mjs": "" }))).code).toBe(2);
  expect((await run()).code).toBe(2);
});
