/** The main job as its user runs it: on fresh data, on the data it left, on what goes wrong. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folderForAll } from "../../support/for-all.ts";
import { buildProject, type ProgramRun, startProgram } from "../../support/project-run.ts";

const main = "dist/tools/tour/main.js";

const folder = folderForAll();

beforeAll(async () => {
  await buildProject();
});

function startTour(name: string, ...args: readonly string[]): Promise<ProgramRun> {
  return startProgram(main, ["--data-dir", join(folder.path, name), ...args]);
}

/** Tours that may be over too soon to be disturbed. */
const toursMax = 4;

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

interface Told {
  readonly ok: boolean;
  readonly steps: readonly { id: string; ok: boolean; facts: Record<string, unknown>; error?: unknown }[];
}

async function tell(name: string, ...args: readonly string[]): Promise<Told> {
  const { code, stdout, stderr } = await (await startTour(name, "--json", ...args)).ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Told;
}

describe("npm start", () => {
  test("shows every step, and shows them again on the data it left", async () => {
    const first = await tell("twice");
    expect(first.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(first.steps.length).toBeGreaterThanOrEqual(12);
    expect(first.steps[0]?.facts["alreadyThere"]).toBe(0);

    const second = await tell("twice");
    expect(second.ok).toBe(true);
    expect(second.steps[0]?.facts["created"]).toBe(0);
    expect(second.steps[0]?.facts["alreadyThere"]).toBe(first.steps[0]?.facts["created"]);
  });

  test("says at once that its etcd was killed, and ends with a failure", async () => {
    for (let tours = 1; ; tours++) {
      const tour = await startTour(`killed-${tours}`);
      const [, pid = ""] = await tour.said(/, pid (\d+),/);
      await tour.said(/Watch a namespace/);
      kill(Number(pid));
      const { code, stdout } = await tour.ended();
      // Where this process stood still the tour may be over before its etcd is killed.
      if (code === 0 && tours < toursMax) continue;
      expect(code).toBe(1);
      expect(stdout).toContain(`etcd (pid ${pid}) ended by SIGKILL in the middle of the tour`);
      return;
    }
  });

  test("takes manifests of any kind from a folder", async () => {
    const manifests = join(folder.path, "own-manifests");
    await mkdir(manifests);
    await writeFile(
      join(manifests, "regions.yaml"),
      ["eu", "us"]
        .map(
          (name) =>
            `apiVersion: example.com/v1\nkind: Region\nmetadata: { name: ${name}, namespace: world }\n`,
        )
        .join("---\n"),
    );
    const told = await tell("own", "--manifests", manifests);
    expect(told.steps[0]?.facts["created"]).toBe(2);
  });

  test.each([
    ["a folder without manifests", ["--manifests", "docs"], "found no object"],
    ["a step that is not there", ["--only", "fly"], 'there is no step "fly"'],
  ])("refuses %s", async (_, args, words) => {
    const { code, stderr } = await (await startTour("refused", ...args)).ended();
    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });
});
