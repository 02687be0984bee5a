/** What the README and the examples show compiles and runs, word for word. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { buildProject, projectFolder, startProgram } from "../../support/project-run.ts";

const exampleLinesMax = 60;
/** The first file of an example that is a small application. */
const applicationLinesMax = 90;
const entries = await readdir(join(projectFolder, "examples"), { withFileTypes: true });
// A folder without a program holds configuration: units, manifests, rules.
const examples = entries
  .map((entry) => (entry.isDirectory() ? `${entry.name}/main.ts` : entry.name))
  .filter((file) => existsSync(join(projectFolder, "examples", file)));

beforeAll(() => buildProject());

describe("examples", () => {
  test.each(examples)("%s runs and is short", async (file) => {
    const text = await readFile(join(projectFolder, "examples", file), "utf8");
    const linesMax = file.includes("/") ? applicationLinesMax : exampleLinesMax;
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(linesMax);
    const { code, stderr } = await (
      await startProgram(`dist/examples/${file.replace(/\.ts$/, ".js")}`)
    ).ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

/** Of a page whose example serves: asks it for something, and ends it. */
const askForPods = `
while (server.address() === null) await new Promise((turn) => setImmediate(turn));
const { port } = server.address() as { port: number };
const list = (await (await fetch(\`http://127.0.0.1:\${port}/?limit=1\`)).json()) as { kind: string };
if (list.kind !== "PodList") throw new Error(list.kind);
process.exit(0);
`;

test.each([
  ["README.md", ""],
  ["docs/http.md", askForPods],
])("the first example of %s compiles as strictly as the library, and runs", async (file, ending) => {
  const page = await readFile(join(projectFolder, file), "utf8");
  const shown = /```ts\n([\s\S]*?)```/.exec(page)?.[1];
  expect(shown).toBeDefined();
  const code = `${shown}${ending}`;
  // Inside the project, so that "keelson" is the package itself.
  const folder = join(projectFolder, ".cache", `example-${process.pid}-${file.length}`);
  await mkdir(folder, { recursive: true });
  try {
    const path = join(folder, "example.mts");
    await writeFile(path, code);
    const { config } = ts.readConfigFile(join(projectFolder, "tsconfig.base.json"), ts.sys.readFile);
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectFolder);
    const program = ts.createProgram([path], {
      ...options,
      outDir: folder,
      rootDir: projectFolder,
      noEmit: true,
    });
    const faults = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText);
    expect(faults).toEqual([]);

    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    await writeFile(join(folder, "example.mjs"), outputText);
    const run = await (await startProgram(join(folder, "example.mjs"))).ended();
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
