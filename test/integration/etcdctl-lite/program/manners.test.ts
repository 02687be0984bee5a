/**
 * The compiled tool where shells and terminals are unkind: a reader that leaves, a full disk behind the output, 40 columns, flags that
 * are not known; and what the shells complete. Nobody is shown a stack.
 *
 * zsh is driven on a pseudo-terminal of its own, where the machine has it; the script's text is looked at everywhere.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { buildProject, projectFolder } from "../../../support/project-run.ts";

const execute = promisify(execFile);
const main = join(projectFolder, "dist", "tools", "etcdctl-lite", "main.js");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const lab = processForAll();
const dir = folderForAll();

beforeAll(async () => {
  await buildProject();
  await symlink(main, join(dir.path, "etcdctl-lite"));
  for (const at of [1, 2, 3])
    expect(await shell(`head -c 900000 /dev/zero | lite put big${at}`)).toMatchObject({ code: 0 });
});

/** A line of bash, where `lite` is the tool. */
async function shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return ended("bash", ["--norc", "-c", `lite() { "${process.execPath}" "${main}" "$@"; }; ${line}`], env);
}

async function ended(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const environment = {
    PATH: `${dir.path}${delimiter}${process.env["PATH"] ?? ""}`,
    ETCDCTL_ENDPOINTS: lab.local.endpoints.join(","),
    ETCDCTL_DIAL_TIMEOUT: "60s",
    ETCDCTL_COMMAND_TIMEOUT: "60s",
    ...env,
  };
  return execute(program, args, { env: environment, maxBuffer: 1e8 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code?: unknown; stdout?: string; stderr?: string }) => {
      if (typeof error.code !== "number") throw error;
      return { code: error.code, stdout: error.stdout ?? "", stderr: error.stderr ?? "" };
    },
  );
}

const stack = /^\s+at |node:internal|\.js:\d+/m;

describe("a reader that has gone", () => {
  test.each([
    "get big --prefix",
    "get big --prefix -w json",
    "watch big1 --rev 1",
    "snapshot save -",
    "--help",
    "completion bash",
  ])("%s | head -c 1", async (line) => {
    const { stdout, stderr } = await shell(`lite ${line} | head -c 1 | wc -c; echo "\${PIPESTATUS[0]}"`);
    expect({ stdout: stdout.trim().split(/\s+/), stderr }).toEqual({ stdout: ["1", "0"], stderr: "" });
  });

  test("on stderr is no crash either", async () => {
    const { stdout, stderr } = await shell(`{ lite no-such-command 2>&1 >&3 | true; } 3>&1`);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
  });
});

const full = existsSync("/dev/full");
describe.skipIf(!full)(`a full disk behind the output${full ? "" : " (skipped: no /dev/full here)"}`, () => {
  test.each([
    "get big --prefix",
    "get big1 -w json",
    "endpoint status -w table",
    "watch big1 --rev 1",
    "snapshot save -",
    "version",
    "--help",
    "doctor",
  ])("%s: one sentence, and no success", async (line) => {
    const { code, stderr } = await shell(`lite ${line} > /dev/full`);
    expect(code).toBeGreaterThan(0);
    expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(/^Error: .*(ENOSPC|no space left)/)]);
  });
});

test.each([
  ["get x --bogus", "unknown flag: --bogus"],
  ["--bogus", "unknown flag: --bogus"],
  ["get x -q", "unknown shorthand flag: 'q' in -q"],
  ["get x --rev", "flag needs an argument: --rev"],
  ["get x --limit many", 'invalid argument "many" for "--limit" flag'],
  ["snapshot bogus", 'unknown command "bogus" for "etcdctl-lite snapshot"'],
  ["backup run --bogus", "unknown flag: --bogus"],
])("%s: %s", async (line, words) => {
  const { code, stdout, stderr } = await shell(`lite ${line}`);
  expect(code).toBeGreaterThan(0);
  expect(stdout).toBe("");
  expect(stderr).toContain(`Error: ${words}`);
  expect(stderr).not.toMatch(stack);
});

test("a snapshot on stdin is refused with what to do, and so is a delta that stands on nothing", async () => {
  expect((await shell("lite snapshot verify - < /dev/null")).stderr).toContain("write it to a file");
  const repository = join(dir.path, "repository");
  expect((await shell(`lite backup create --delta --repository '${repository}'`)).stderr).toContain("--auto");
});

const script = await execute("script", ["--version"]).then(
  ({ stdout }) => stdout.includes("util-linux"),
  () => false,
);
describe.skipIf(!script)(`40 columns${script ? "" : " (skipped: no util-linux script here)"}`, () => {
  const shownAt = async (columns: number, line: string): Promise<string> => {
    const command = `stty cols ${columns} rows 12; '${process.execPath}' '${main}' ${line}`;
    const { code, stdout } = await ended("script", ["-qec", command, "/dev/null"], {
      COLUMNS: String(columns),
      NO_COLOR: "1",
    });
    expect(code, stdout).toBe(0);
    return stdout.replaceAll("\r\n", "\n");
  };
  const steady = (text: string): string => text.replace(/[0-9.]+ [kM]?B|\d+/g, "0");

  test.each([
    "endpoint status -w table",
    "member list -w table",
    "member list",
    "history big1",
    "quota list",
    "resources list --registry big",
    "doctor",
    "get --help",
    "--help",
  ])("%s: rows come whole, as at 200 columns", async (line) => {
    const narrow = await shownAt(40, line);
    expect(narrow).not.toMatch(stack);
    expect(steady(narrow)).toBe(steady(await shownAt(200, line)));
  });

  test("top keeps to its columns", async () => {
    const top = `stty cols 40 rows 8; timeout -s INT 3 '${process.execPath}' '${main}' top`;
    const { stdout } = await ended("script", ["-qec", `${top}; true`, "/dev/null"], { TERM: "xterm" });
    expect(stdout).toContain("revision");
    const [screen = ""] = stdout.split("\u001b[H\u001b[J").slice(1);
    const rows = screen.trimEnd().split("\r\n");
    expect(rows.length).toBeLessThanOrEqual(8);
    expect(rows.filter((row) => row.length > 40)).toEqual([]);
  });
});

const { stdout: zshFound } = await execute("sh", ["-c", "command -v zsh || true"]);
const zsh = zshFound.trim();

describe("completion", () => {
  const scriptOf = async (name: string): Promise<string> => (await shell(`lite completion ${name}`)).stdout;

  test.each([
    ["etcdctl-lite snap", ["snapshot"]],
    ["etcdctl-lite snapshot ", ["restore", "save", "status", "verify"]],
    ["etcdctl-lite get -w ", ["fields", "json", "protobuf", "simple", "table"]],
    ["etcdctl-lite get a-key --pre", ["--prefix"]],
    ["etcdctl-lite --endpoints http://snapshot member re", ["remove"]],
  ])("bash: %s<TAB>", async (line, wanted) => {
    const words = line.split(" ");
    const drive = `${await scriptOf("bash")}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_etcdctl_lite; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { code, stdout, stderr } = await ended("bash", ["--norc", "-c", drive]);
    expect({ code, stdout: stdout.trim().split("\n"), stderr }).toEqual({
      code: 0,
      stdout: wanted,
      stderr: "",
    });
  });

  test("zsh: the script names the program for $fpath, and defines one function for source", async () => {
    const text = await scriptOf("zsh");
    expect(text.split("\n")[0]).toBe("#compdef etcdctl-lite");
    expect(text.match(/^\w+\(\) \{$/gm)).toEqual(["_etcdctl_lite() {"]);
    expect(text).toContain("compdef _etcdctl_lite etcdctl-lite");
    expect(text).toContain("compadd -- fields json protobuf simple table");
  });

  test.skipIf(zsh === "").each([
    ["etcdctl-lite snap", /etcdctl-lite snapshot/],
    ["etcdctl-lite snapshot ", /restore[\s\S]*save[\s\S]*status[\s\S]*verify/],
    ["etcdctl-lite get -w ", /fields\s+json\s+protobuf/],
    ["etcdctl-lite get a-key --pre", /--prefix/],
    ["etcdctl-lite --endpoints http://snapshot member re", /member remove/],
  ])(`zsh: %s<TAB>${zsh === "" ? " (skipped: no zsh here)" : ""}`, async (line, wanted) => {
    await writeFile(join(dir.path, "_etcdctl-lite"), await scriptOf("zsh"));
    for (const setUp of [
      { before: `fpath=(${dir.path} $fpath)`, after: ":" },
      { before: ":", after: `. ${join(dir.path, "_etcdctl-lite")}` },
    ]) {
      const shown = await completedByZsh(zsh, setUp, line);
      expect(shown).toMatch(wanted);
      expect(shown).not.toMatch(/unrecognized|not found|parse error/);
    }
  });

  /** What zsh shows after the line and a TAB. It says READY once it is set up, and DONE when the completion is over. */
  async function completedByZsh(
    program: string,
    setUp: { readonly before: string; readonly after: string },
    line: string,
  ): Promise<string> {
    const rc = join(dir.path, "rc.zsh");
    await writeFile(
      rc,
      `stty cols 120; PS1='> '; ${setUp.before}
autoload -Uz compinit; compinit -u -D; ${setUp.after}
complete-and-say() { zle complete-word; zle -R; print -n DO''NE }
zle -N complete-and-say; bindkey '^I' complete-and-say; print REA''DY\n`,
    );
    const drive = `zmodload zsh/zpty; zpty -b z "'${program}' -f -i"
zpty -w z ". ${rc}"; zpty -r z out '*READY*'; zpty -w -n z '${line}'$'\\t'; zpty -r z out '*DONE*'; print -r -- "$out"; zpty -d z`;
    return (await ended(program, ["-f", "-c", drive], { HOME: dir.path })).stdout;
  }
});
