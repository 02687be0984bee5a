/** The control plane in its short form: pods out of deployments on nodes, updated, rolled back, lost and deleted. */
import { expect, test } from "vitest";
import { buildProject, startProgram } from "../../support/project-run.ts";

test("npm run control-plane: every claim it makes holds, with few nodes and pods", async () => {
  await buildProject();
  const program = await startProgram("dist/examples/control-plane/main.js", ["--nodes", "3", "--pods", "12"]);
  const { code, stdout, stderr } = await program.ended();
  expect(stdout).not.toContain("✗");
  expect(stdout.match(/✓/g)?.length).toBeGreaterThanOrEqual(17);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("Every claim held.");
}, 300_000);

test("npm run control-plane refuses what it does not know, and says what it does", async () => {
  const program = await startProgram("dist/examples/control-plane/main.js", ["--nodes", "0"]);
  const { code, stderr } = await program.ended();
  expect(code).toBe(2);
  expect(stderr).toContain("--nodes 0: expected a number from 2 to 5000");
});
