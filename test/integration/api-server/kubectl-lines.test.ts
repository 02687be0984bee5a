/**
 * kubectl's command lines against the example API server, with the kubectl that is here. What came out is recorded in
 * docs/kubectl.md, for every version that Debian has.
 *
 *   npm run setup -- --kubectl 1.36 --kubectl 1.32 --kubectl 1.20
 *   RECORD_KUBECTL=1 npx vitest run --project integration test/integration/api-server/kubectl-lines.test.ts
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProject, projectFolder, startProgram } from "../../support/project-run.ts";
import { skipNote } from "../../support/skip-note.ts";
import { findEveryKubectl, type Kubectl, minorOf } from "./find-kubectl.ts";
import { type KubectlLine, kubectlLines } from "./kubectl-command-lines.ts";

/** All of them to record, and where asked for; the newest alone otherwise: each takes a minute. */
const every = process.env["RECORD_KUBECTL"] === "1" || process.env["KEELSON_LONG"] === "1";
const kubectls = findEveryKubectl().slice(0, every ? undefined : 1);
const page = join(projectFolder, "docs", "kubectl.md");
const lineTimeoutMs = 60_000;

type Verdict = "ok" | "refused as expected" | "not served" | "unknown to this kubectl" | `WRONG: ${string}`;

/** By version, in the order of the lines. */
const results = new Map<string, readonly Verdict[]>();

beforeAll(() => buildProject());
afterAll(async () => {
  if (process.env["RECORD_KUBECTL"] === "1") await writeFile(page, pageOf(results));
});

const without = kubectls.length === 0;

describe.skipIf(without)(
  `kubectl's command lines against the example API server${skipNote(without, "no kubectl on this machine")}`,
  () => {
    test.each(kubectls)(
      "kubectl $version: every line is right, or listed with the reason why not",
      async (kubectl) => {
        const verdicts = await runLines(kubectl);
        results.set(kubectl.version, verdicts);
        const wrong = kubectlLines
          .map(({ line }, i) => `${line}: ${verdicts[i]}`)
          .filter((text) => text.includes("WRONG"));
        expect(wrong).toEqual([]);
        expect(verdicts.length).toBe(131);
      },
      900_000,
    );
  },
);

const records = process.env["RECORD_KUBECTL"] === "1";

test.skipIf(records)(
  `docs/kubectl.md lists every line${skipNote(records, "it is being written")}`,
  async () => {
    const text = await readFile(page, "utf8");
    expect(kubectlLines.filter(({ line }) => !text.includes(cellOf(line))).map(({ line }) => line)).toEqual(
      [],
    );
  },
);

async function runLines(kubectl: Kubectl): Promise<readonly Verdict[]> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-kubectl-"));
  const server = await startProgram("dist/examples/api-server/main.js", ["--serve", "--port", "0"]);
  try {
    const url = (await server.said(/serving on (http:\S+)/))[1] ?? "";
    await cp(join(projectFolder, "test", "integration", "api-server", "manifests"), folder, {
      recursive: true,
    });
    const program = async (name: string, text: string): Promise<void> => {
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), 0o755);
    };
    await mkdir(join(folder, "bin"));
    await program("bin/kubectl", `#!/bin/sh\nexec "${kubectl.path}" "$@"\n`);
    await program("edit.sh", '#!/bin/sh\nsed -i \'s/app: nginx/app: nginx\\n    edited: "yes"/\' "$1"\n');
    const cluster = { name: "k", cluster: { server: url } };
    const context = { name: "k", context: { cluster: "k", user: "k" } };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [cluster],
      contexts: [context],
      users: [{ name: "k", user: {} }],
      "current-context": "k",
    };
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(config));
    const env = {
      PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
      HOME: folder,
      KUBECONFIG: join(folder, "kubeconfig"),
      KUBE_EDITOR: join(folder, "edit.sh"),
    };
    const verdicts: Verdict[] = [];
    for (const line of kubectlLines) verdicts.push(await run(line, kubectl, folder, env));
    return verdicts;
  } finally {
    server.child.kill("SIGINT");
    expect((await server.ended()).code).toBe(0);
    await rm(folder, { recursive: true });
  }
}

function run(wanted: KubectlLine, kubectl: Kubectl, cwd: string, env: NodeJS.ProcessEnv): Promise<Verdict> {
  return new Promise((done) => {
    execFile("bash", ["-c", wanted.line], { cwd, env, timeout: lineTimeoutMs }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (error?.killed) return done(`WRONG: it hangs: ${output}`);
      done(verdictOf(wanted, minorOf(kubectl), error === null, output));
    });
  });
}

function verdictOf(wanted: KubectlLine, minor: number, succeeded: boolean, output: string): Verdict {
  const { refused, notServed, unknownUpTo } = wanted;
  if (unknownUpTo !== undefined && minor <= unknownUpTo[0]) {
    return !succeeded && unknownUpTo[1].test(output) ? "unknown to this kubectl" : `WRONG: ${output}`;
  }
  if (refused !== undefined)
    return !succeeded && refused.test(output) ? "refused as expected" : `WRONG: ${output}`;
  if (notServed !== undefined)
    return !succeeded && notServed.test(output) ? "not served" : `WRONG: ${output}`;
  // The exit code of a pipe is its last command's.
  return succeeded && !/^(?:Error from server|error:)/m.test(output) ? "ok" : `WRONG: ${output}`;
}

const cellOf = (line: string): string => `\`${line.replaceAll("|", "\\|")}\``;

function pageOf(all: ReadonlyMap<string, readonly Verdict[]>): string {
  const versions = [...all.keys()];
  const counts = versions.map((version) => {
    const of = (wanted: Verdict): number =>
      all.get(version)?.filter((verdict) => verdict === wanted).length ?? 0;
    return `- kubectl ${version}: ${of("ok")} succeed, ${of("refused as expected")} are refused as expected, ${of("not served")} are not served, ${of("unknown to this kubectl")} are unknown to this kubectl`;
  });
  const rows = kubectlLines.map(
    ({ line, why = "" }, i) =>
      `| ${cellOf(line)} | ${versions.map((version) => all.get(version)?.[i] ?? "").join(" | ")} | ${why} |`,
  );
  return `# kubectl against the example API server

Recorded by \`test/integration/api-server/kubectl-lines.test.ts\`, which runs these lines in this order against
\`examples/api-server\` without nodes or controllers. The manifests are beside the test.

${counts.join("\n")}

| command line | ${versions.join(" | ")} | remark |
| --- | ${versions.map(() => "---").join(" | ")} | --- |
${rows.join("\n")}
`;
}
