/** The path of a stranger: the package packed, installed in an empty project, the guide's blocks cut out, run, and asked over HTTP. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startLocalEtcd } from "keelson/etcd";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backendConformance } from "../../../src/testing/backend-conformance.ts";
import { PackedProject } from "../../support/packed-project.ts";
import { projectFolder } from "../../support/project-run.ts";

let project: PackedProject;
beforeAll(async () => {
  project = await PackedProject.create();
});
afterAll(() => project[Symbol.asyncDispose]());

/** The guide's blocks of a language, as one program. */
async function programOf(guide: string, language = "ts"): Promise<string> {
  const text = await readFile(join(projectFolder, "docs", "guides", guide), "utf8");
  return text
    .split(/^```/m)
    .filter((part) => part.startsWith(`${language}\n`))
    .map((part) => part.slice(language.length + 1))
    .join("\n");
}

/** As a runner for TypeScript compiles it. */
function compiled(program: string): string {
  const { outputText } = ts.transpileModule(program, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  return outputText;
}

/** What the compiler says of it, as strict as the library's own sources and with the types that are packed. */
async function faultsOf(program: string): Promise<readonly unknown[]> {
  const path = join(project.folder, "server.mts");
  await writeFile(path, program);
  const { config } = ts.readConfigFile(join(projectFolder, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectFolder);
  const strict = {
    ...options,
    noEmit: true,
    customConditions: [],
    typeRoots: [join(projectFolder, "node_modules", "@types")],
  };
  const faults = ts.getPreEmitDiagnostics(ts.createProgram([path], strict));
  return faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

test("docs/guides/api-server.md: its blocks are a server that does what the page says", async () => {
  const program = await programOf("api-server.md");
  expect(await faultsOf(program)).toEqual([]);
  const run = await project.start("server.mjs", compiled(program), [], { PORT: "0" });
  const [, port] = await run.said(/serving on port (\d+)/);
  const widgets = `http://127.0.0.1:${port}/apis/example.com/v1/namespaces/default/widgets`;
  const send = async (method: string, url: string, body?: unknown) => {
    const response = await fetch(url, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  try {
    const spec = { size: 1, colour: "red" };
    const made = await send("POST", widgets, { metadata: { name: "gear" }, spec });
    expect(made).toMatchObject({ status: 201, body: { apiVersion: "example.com/v1", spec } });
    expect(await send("POST", widgets, { metadata: { name: "gear" }, spec })).toMatchObject({
      status: 409,
      body: { reason: "AlreadyExists" },
    });
    const wrong = await send("POST", widgets, { metadata: { name: "odd" }, spec: { size: "1" } });
    expect(wrong).toMatchObject({ status: 422, body: { reason: "Invalid" } });
    for (const name of ["nut", "bolt"]) {
      expect((await send("POST", widgets, { metadata: { name }, spec: { size: 3 } })).status).toBe(201);
    }
    expect((await send("POST", widgets, { metadata: { name: "fourth" }, spec: { size: 3 } })).status).toBe(
      403,
    );

    const page = await send("GET", `${widgets}?limit=2`);
    expect(page.body.items).toHaveLength(2);
    const rest = await send(
      "GET",
      `${widgets}?limit=2&continue=${encodeURIComponent(page.body.metadata.continue)}`,
    );
    expect(rest.body.items).toHaveLength(1);
    const red = await send("GET", `${widgets}?fieldSelector=spec.colour%3Dred`);
    expect(red.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([
      "gear",
    ]);

    const { resourceVersion } = made.body.metadata;
    const changed = await send("PUT", `${widgets}/gear`, {
      metadata: { resourceVersion },
      spec: { ...spec, size: 2 },
    });
    expect(changed).toMatchObject({ status: 200, body: { spec: { size: 2 } } });
    const late = await send("PUT", `${widgets}/gear`, { metadata: { resourceVersion }, spec });
    expect(late).toMatchObject({ status: 409, body: { reason: "Conflict" } });
    const ready = await send("PUT", `${widgets}/gear/status`, { metadata: {}, status: { ready: true } });
    expect(ready).toMatchObject({ status: 200, body: { spec: { size: 2 }, status: { ready: true } } });

    const watched = await fetch(
      `${widgets}?watch=true&resourceVersion=${ready.body.metadata.resourceVersion}`,
    );
    expect(await send("DELETE", `${widgets}/gear`)).toMatchObject({ status: 200 });
    const reader = watched.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(JSON.parse((await reader?.read())?.value ?? "")).toMatchObject({
      type: "DELETED",
      object: { metadata: { name: "gear" } },
    });
    await reader?.cancel();
  } finally {
    run.child.kill("SIGTERM");
  }
  expect(await run.ended()).toMatchObject({ code: 0, stderr: "" });
});

test("docs/guides/backup-backend.md: its blocks are a backend that passes the conformance suite and carries a repository", async () => {
  const program = await programOf("backup-backend.md");
  expect(await faultsOf(program)).toEqual([]);
  const { outputText } = ts.transpileModule(program, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const run = await project.start("backend.mjs", outputText);
  const { code, stdout, stderr } = await run.ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trim().split("\n")).toEqual([
    ...backendConformance.map(({ name }) => `ok: ${name}`),
    "repository: sound",
  ]);
});

test("docs/guides/migrate-from-etcd3.md: its rows are a program that does what etcd3's calls did", async () => {
  const program = await programOf("migrate-from-etcd3.md");
  expect(await faultsOf(program)).toEqual([]);
  await using local = await startLocalEtcd();
  const run = await project.start("migrated.mjs", compiled(program), [], { ETCD: local.endpoints.join(",") });
  expect(await run.ended()).toMatchObject({ code: 0, stderr: "" });
  expect(run.output().trim().split("\n")).toEqual([
    "1 1n",
    "true",
    "put 1",
    "put 2",
    "locked true",
    "leader me",
    "1n",
  ]);
});

test("docs/guides/operate.md: its timer's lines back up, prune and drill", async () => {
  await using local = await startLocalEtcd();
  const repository = join(project.folder, "backups");
  const lines = (await programOf("operate.md", "sh"))
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line !== "");
  expect(lines.length).toBeGreaterThan(3);
  const said: string[] = [];
  for (const line of lines) {
    const [program, ...args] = line.replace("/backups/etcd", repository).split(/\s+/);
    expect(program).toBe("etcdctl-lite");
    const run = await project.startFile("node_modules/keelson/dist/tools/etcdctl-lite/main.js", args, {
      ETCDCTL_ENDPOINTS: local.endpoints.join(","),
      ETCDCTL_DIAL_TIMEOUT: "60s",
      ETCDCTL_COMMAND_TIMEOUT: "60s",
    });
    const { code, stdout, stderr } = await run.ended();
    expect({ line, code, stderr }).toMatchObject({ line, code: 0 });
    said.push(stdout);
  }
  expect(said.join("")).toMatch(/-full-[\s\S]*-full-/);
});

test("docs/guides/testing.md: its tests pass with Node's runner and with Vitest", async () => {
  const program = await programOf("testing.md");
  expect(await faultsOf(program)).toEqual([]);
  const own = await project.run("widgets.test.mjs", compiled(program));
  expect(own.stdout).toMatch(/# pass 2\n# fail 0\n/);
  expect(own.code).toBe(0);

  await project.link(["vitest"]);
  await writeFile(
    join(project.folder, "shop.test.mjs"),
    compiled(await programOf("testing.md", "ts vitest")),
  );
  const run = await project.startFile("node_modules/vitest/vitest.mjs", ["run", "shop.test.mjs"]);
  const ended = await run.ended();
  expect(ended.stdout).toMatch(/Tests\s+1 passed/);
  expect(ended.code).toBe(0);
});
