/** Every `@example` of what the package exports compiles against the sources, as a module of its own. */
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { publicSymbols } from "../../../scripts/docs/public-symbols.mjs";
import { projectFolder } from "../../../scripts/setup/find-etcd.mjs";

const examples = publicSymbols().flatMap(({ name, place, examples }) =>
  examples.map((text, at) => ({
    what: `${place} ${name}`,
    path: join(projectFolder, `example-${name.replaceAll(/\W/g, "-")}-${at}.ts`),
    code: /^```ts\n([\s\S]*?)\n?```$/.exec(text.trim())?.[1],
  })),
);

test("what is called most has an example", () => {
  const named = new Set(examples.map(({ what }) => what.split(" ")[1]));
  for (const name of [
    "createStore",
    "defineKind",
    "ResourceReader.list",
    "ResourceReader.watch",
    "ResourceStore.create",
    "ResourceStore.update",
    "ResourceStore.guaranteedUpdate",
    "ResourceStore.delete",
    "ResourceStore.createMany",
    "createWatchCache",
    "withCaches",
    "Quotas.set",
    "connectEtcd",
    "saveSnapshot",
    "verifySnapshot",
    "restoreSnapshot",
    "openRepository",
    "restoreObjects",
    "memoryEtcd",
  ]) {
    expect(named, name).toContain(name);
  }
});

test("every example is a whole module in a fence of ts", () => {
  expect(examples.filter(({ code }) => code === undefined).map(({ what }) => what)).toEqual([]);
});

test("every example compiles, as strict as the sources", () => {
  const { config } = ts.readConfigFile(join(projectFolder, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, projectFolder);
  // An example may declare what its reader has, and need not use it.
  const strict = { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false };
  const codeAt = new Map(examples.map(({ path, code = "" }) => [path, code]));
  const host = ts.createCompilerHost(strict);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (path) => codeAt.get(path) ?? readFile(path);
  host.fileExists = (path) => codeAt.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const code = codeAt.get(path);
    return code === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, code, ts.ScriptTarget.ES2023);
  };
  const program = ts.createProgram([...codeAt.keys()], strict, host);
  const faults = [...codeAt.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) =>
        `${path.slice(projectFolder.length)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
  expect(faults).toEqual([]);
});
