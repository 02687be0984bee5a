#!/usr/bin/env node
/**
 * `npm run test:node [-- VERSION ... [--tests]]`: the packed package on other versions of Node, and its types under other versions of
 * TypeScript. Node's programs come from npm, into .cache/node.
 *
 *   supported      npm install of the archive, every entry point, the README's example, etcdctl-lite; with --tests the unit
 *                  tests and some of the integration tests too
 *   too old        a sentence, from the entry points and from the tool
 *   TypeScript     a program over every entry point compiles
 *
 * Prints one line each: COMPATIBILITY.md has them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeOf } from "./node/node-versions.mjs";
import { doors, install, pack, readmeExample, unpack } from "./node/packed-install.mjs";
import { outcome, ran } from "./node/run-program.mjs";
import { projectFolder } from "./setup/find-etcd.mjs";
import { launch, setUp } from "./setup/set-up.mjs";
import { vitestMain } from "./test/vitest-main.mjs";

const supported = ["20.19", "22", "24", "26"];
const tooOld = ["18", "20.10"];
const typescripts = ["5.2", "5.4", "5.6", "5.8", "5.9", "6", "7"];
/** A connection, a store, watches, TLS, files on disk and the tool: what stands on Node's own modules. */
const integration = [
  "etcd/client/client",
  "etcd/transport/tls",
  "storage/store",
  "storage/watches",
  "etcd/services/leases",
  "backup/restore",
  "etcdctl-lite/program/process",
  "etcdctl-lite/beside-etcdctl/turns",
].map((name) => `test/integration/${name}.test.ts`);

/** @type {string[]} */
const failures = [];

await launch(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { tests: { type: "boolean", default: false } },
  });
  const etcd = (await setUp())?.binary ?? "";
  const packed = await pack();
  try {
    const asked = positionals.length === 0 ? [...tooOld, ...supported] : positionals;
    for (const version of asked.filter((name) => name !== "typescript")) {
      if (tooOld.includes(version)) await tryTooOld(version, packed.archive);
      else await trySupported(version, packed.archive, { etcd, withTests: values.tests });
    }
    if (positionals.length === 0 || positionals.includes("typescript")) await tryTypes(packed.archive);
  } finally {
    await packed.remove();
  }
  if (failures.length > 0) process.exitCode = 1;
});

/**
 * @param {string} what
 * @param {Record<string, boolean | string>} results
 */
function tell(what, results) {
  const failed = Object.entries(results).filter(([, result]) => result === false);
  failures.push(...failed.map(([name]) => `${what}: ${name}`));
  const cells = Object.entries(results).map(
    ([name, result]) => `${name} ${result === true ? "ok" : result === false ? "FAILED" : result}`,
  );
  process.stdout.write(`${what}: ${cells.join(", ")}\n`);
}

/**
 * @param {string} version
 * @param {string} archive
 */
async function tryTooOld(version, archive) {
  const node = await nodeOf(version);
  const stranger = await unpack(archive);
  const sentence = /needs Node 20\.19, 22\.12, or 23 and later: this is Node \d/;
  try {
    const imports = await Promise.all(
      doors.map(async (door) => {
        const text = `import("keelson${door}").catch((error) => { console.log(error.name, error.message); process.exit(3); })`;
        const { code, output } = await outcome(node, ["--input-type=module", "-e", text], {
          cwd: stranger.folder,
        });
        return code === 3 && /^Error keelson/.test(output) && sentence.test(output);
      }),
    );
    const tool = await outcome(node, ["dist/tools/etcdctl-lite/main.js", "get", "x"], {
      cwd: stranger.folder,
    });
    const lines = tool.output.trim().split("\n");
    tell(await nameOf(node), {
      "a sentence from every entry point": imports.every(Boolean),
      "a line from the tool": tool.code === 1 && lines.length === 1 && sentence.test(tool.output),
    });
  } finally {
    await stranger.remove();
  }
}

/**
 * @param {string} version
 * @param {string} archive
 * @param {{ etcd: string, withTests: boolean }} options
 */
async function trySupported(version, archive, { etcd, withTests }) {
  const node = await nodeOf(version);
  const stranger = await install(archive, node);
  const env = { ...process.env, KEELSON_ETCD: etcd };
  /** @param {readonly string[]} args */
  const succeeds = async (args) => {
    const { code, output } = await outcome(node, args, { cwd: stranger.folder, env });
    if (code !== 0) process.stderr.write(output.slice(-2_000));
    return code === 0;
  };
  try {
    const every = doors.map((door) => `await import("keelson${door}");`).join("\n");
    await writeFile(join(stranger.folder, "doors.mjs"), every);
    const example = await readmeExample();
    await writeFile(join(stranger.folder, "example.ts"), example);
    await writeFile(join(stranger.folder, "compiled.mjs"), await compiled(example));
    const asWritten = await outcome(node, ["example.ts"], { cwd: stranger.folder, env });
    tell(await nameOf(node), {
      install: true,
      doors: await succeeds(["doors.mjs"]),
      "README's example compiled": await succeeds(["compiled.mjs"]),
      "as written": asWritten.code === 0 ? true : "not (await using, or types: compile it)",
      "etcdctl-lite": await succeeds(["node_modules/keelson/dist/tools/etcdctl-lite/main.js", "version"]),
      ...(withTests ? await tests(node, env) : {}),
    });
  } finally {
    await stranger.remove();
  }
}

/**
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 */
async function tests(node, env) {
  const main = vitestMain();
  /** @param {readonly string[]} args */
  const vitest = async (args) => {
    const { code, output } = await outcome(node, [main, "run", ...args], { cwd: projectFolder, env });
    if (code !== 0) process.stderr.write(output.slice(-6_000));
    return code === 0;
  };
  return {
    "unit tests": await vitest(["--project", "unit"]),
    "integration tests": await vitest(["--project", "integration", ...integration]),
  };
}

/** @param {string} archive */
async function tryTypes(archive) {
  const stranger = await install(archive, process.execPath);
  try {
    const program = [
      ...doors.map((door, i) => `import * as door${i} from "keelson${door}";`),
      await readmeExample(),
      `console.log(${doors.map((_, i) => `door${i}`).join(", ")});`,
    ].join("\n");
    await writeFile(join(stranger.folder, "program.ts"), program);
    const options = {
      ...{ target: "es2022", module: "nodenext", moduleResolution: "nodenext", strict: true, noEmit: true },
      ...{ lib: ["es2023", "esnext.disposable"], types: ["node"], skipLibCheck: false },
    };
    await writeFile(
      join(stranger.folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["program.ts"] }),
    );
    for (const version of typescripts) {
      const folder = join(stranger.folder, "compilers", version);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "package.json"), "{}");
      const wanted = [`typescript@${version}`];
      const got = await outcome("npm", ["install", "--silent", "--no-audit", ...wanted], { cwd: folder });
      if (got.code !== 0) {
        tell(`TypeScript ${version}`, { types: "not to be had from npm" });
        continue;
      }
      await ran("npm", ["install", "--silent", "--no-audit", "--no-save", "@types/node@20"], {
        cwd: stranger.folder,
      });
      const tsc = join(folder, "node_modules", "typescript", "bin", "tsc");
      const checked = await outcome(process.execPath, [tsc, "-p", "tsconfig.json"], { cwd: stranger.folder });
      if (checked.code !== 0) process.stderr.write(checked.output.slice(0, 2_000));
      const name = await outcome(process.execPath, [tsc, "--version"], { cwd: stranger.folder });
      tell(`TypeScript ${name.output.trim().replace("Version ", "")}`, { types: checked.code === 0 });
    }
  } finally {
    await stranger.remove();
  }
}

/** @param {string} example as a user's own build makes it */
async function compiled(example) {
  const { default: typescript } = await import("typescript");
  const compilerOptions = {
    target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.ESNext,
  };
  return typescript.transpileModule(example, { compilerOptions }).outputText;
}

/** @param {string} node */
async function nameOf(node) {
  return `Node ${(await ran(node, ["--version"], { cwd: projectFolder })).trim().slice(1)}`;
}
