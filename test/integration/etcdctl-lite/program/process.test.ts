/**
 * The compiled program as it is installed: its streams byte for byte, its questions on a terminal, its end by a signal.
 * A terminal comes from `script`, where the machine has it.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { TcpProxy } from "../../../support/peers/tcp-proxy.ts";
import { buildProject, projectFolder } from "../../../support/project-run.ts";
import { until } from "../../../support/time/patience.ts";

const execute = promisify(execFile);
const main = join(projectFolder, "dist", "tools", "etcdctl-lite", "main.js");
/** A machine that stands still for seconds is no etcd that is gone. */
const patience = { ETCDCTL_DIAL_TIMEOUT: "60s", ETCDCTL_COMMAND_TIMEOUT: "60s" } as const;

const lab = processForAll();

const dir = folderForAll();

beforeAll(async () => {
  await buildProject();
});

/** A started program, everything it says, and its end. */
class Program {
  readonly stdin: NodeJS.WritableStream;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: Buffer; readonly stderr: string }>;
  readonly #signal: (name: NodeJS.Signals) => void;
  #stdout: Buffer[] = [];
  #stderr = "";

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(command, args, { env: { PATH: process.env["PATH"] ?? "", ...patience, ...env } });
    this.stdin = child.stdin;
    this.#signal = (name) => void child.kill(name);
    child.stdin.on("error", () => {});
    child.stdout.on("data", (bytes: Buffer) => this.#stdout.push(bytes));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.ended = once(child, "close").then(([code]) => ({
      code: typeof code === "number" ? code : null,
      stdout: Buffer.concat(this.#stdout),
      stderr: this.#stderr,
    }));
  }

  get said(): string {
    return Buffer.concat(this.#stdout).toString() + this.#stderr;
  }

  interrupt(): void {
    this.#signal("SIGINT");
  }
}

const lite = (
  args: readonly string[],
  options: { readonly endpoint?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Program =>
  new Program(process.execPath, [main, ...args], {
    ETCDCTL_ENDPOINTS: options.endpoint ?? lab.local.endpoints.join(","),
    ...options.env,
  });

describe("the installed program", () => {
  test("is what the package's bin names", async () => {
    const manifest: unknown = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8"));
    expect(manifest).toMatchObject({ bin: { "etcdctl-lite": "./dist/tools/etcdctl-lite/main.js" } });
    expect((await readFile(main, "utf8")).startsWith("#!/usr/bin/env node\n")).toBe(true);
    const { code, stdout } = await lite(["version"]).ended;
    expect([code, stdout.toString()]).toEqual([0, "etcdctl version: 3.5.30\nAPI version: 3.5\n"]);
  });

  test("values of any bytes come back as they went in, also to a reader that is slow", async () => {
    const value = Buffer.alloc(400_000, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    const put = lite(["put", "any bytes"]);
    put.stdin.end(value);
    expect((await put.ended).code).toBe(0);
    const get = lite(["get", "any bytes", "--print-value-only"]);
    expect((await get.ended).stdout.equals(Buffer.concat([value, Buffer.from("\n")]))).toBe(true);
    // A pipe holds 64 KiB: the program waits for the reader to take the rest.
    const counted = `"$1" "$2" get "any bytes" --print-value-only | { sleep 2; wc -c; }`;
    const { stdout } = await execute("sh", ["-c", counted, "sh", process.execPath, main], {
      env: { PATH: process.env["PATH"] ?? "", ...patience, ETCDCTL_ENDPOINTS: lab.local.endpoints.join(",") },
    });
    expect(Number(stdout)).toBe(value.length + 1);
  });

  const linux = process.platform === "linux";
  const reason = linux ? "" : " (skipped: only Linux tells a program the bytes of its arguments)";
  test.skipIf(!linux)(`keys of any bytes are those the shell gave${reason}`, async () => {
    const endpoints = { ETCDCTL_ENDPOINTS: lab.local.endpoints.join(",") };
    const environment = { PATH: process.env["PATH"] ?? "", ...patience, ...endpoints };
    const shell = (text: string): Promise<{ stdout: Buffer }> =>
      execute("sh", ["-c", text, "sh", process.execPath, main], { env: environment, encoding: "buffer" });
    const bytes = "$(printf 'raw\\377\\300x')";
    await shell(`"$1" "$2" put "${bytes}" "${bytes}"`);
    const { stdout } = await shell(`"$1" "$2" get "${bytes}"`);
    expect(stdout.toString("latin1")).toBe("raw\xff\xc0x\nraw\xff\xc0x\n");
    const listed = await lite(["get", "raw", "--prefix", "--hex", "--keys-only"]).ended;
    expect(listed.stdout.toString()).toBe("\\x72\\x61\\x77\\xff\\xc0\\x78\n\n");
    const txn = lite(["txn"]);
    txn.stdin.end('\nput "raw\\xff\\xc0x" "by txn"\n\n\n');
    expect((await txn.ended).stdout.toString()).toContain("SUCCESS");
    expect((await shell(`"$1" "$2" get "${bytes}" --print-value-only`)).stdout.toString()).toBe("by txn\n");
  });

  test("a variable and a flag that say the same thing twice are refused", async () => {
    const { code, stderr } = await lite(["get", "x", "--endpoints", "http://127.0.0.1:1"]).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('conflicting environment variable "ETCDCTL_ENDPOINTS" is shadowed');
    const unknown = await lite(["get", "x"], { env: { ETCDCTL_COLOUR: "blue" } }).ended;
    expect(unknown.code).toBe(0);
    expect(unknown.stderr).toContain("unrecognized environment variable");
    const wrong = await lite(["get", "x"], { env: { ETCDCTL_DIAL_TIMEOUT: "soon" } }).ended;
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('invalid value "soon" for ETCDCTL_DIAL_TIMEOUT');
  });
});

describe("Ctrl-C", () => {
  beforeAll(async () => {
    for (let at = 0; at < 4; at++) {
      const put = lite(["put", `filler ${at}`]);
      put.stdin.end(Buffer.alloc(1_000_000, at));
      expect((await put.ended).code).toBe(0);
    }
  });

  const filesBelow = async (folder: string): Promise<readonly string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  test("ends a watch with 130", async () => {
    const watch = lite(["watch", "filler", "--prefix", "--rev", "1"]);
    await until(() => watch.said.includes("PUT"));
    watch.interrupt();
    const { code, stderr } = await watch.ended;
    expect([code, stderr]).toEqual([130, ""]);
  });

  test.each([
    ["snapshot save", (folder: string) => ["snapshot", "save", join(folder, "snap.db")]],
    ["backup create", (folder: string) => ["backup", "create", "--repository", folder]],
  ])("ends %s with 130 and leaves no file", async (_name, args) => {
    const folder = await mkdtemp(join(dir.path, "interrupted-"));
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    // Some minutes' worth of snapshot: it is under way when the signal comes, on any machine.
    proxy.set({ mode: "throttle", bytesPerSecond: 50_000 });
    const program = lite(args(folder), { endpoint: proxy.url });
    await until(async () => (await filesBelow(folder)).length > 0);
    program.interrupt();
    const { code, stdout, stderr } = await program.ended;
    expect([code, stdout.toString(), stderr]).toEqual([130, "", ""]);
    expect(await filesBelow(folder)).toEqual([]);
  });
});

const script = await execute("script", ["--version"]).then(
  ({ stdout }) => stdout.includes("util-linux"),
  () => false,
);

describe.skipIf(!script)(`on a terminal${script ? "" : " (skipped: no util-linux script here)"}`, () => {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  /** Runs it on a terminal of its own; what both streams showed is in stdout. */
  const onTerminal = (args: readonly string[], endpoint?: string): Program =>
    new Program("script", ["-qec", [process.execPath, main, ...args].map(quoted).join(" "), "/dev/null"], {
      ETCDCTL_ENDPOINTS: endpoint ?? lab.local.endpoints.join(","),
      TERM: "dumb",
    });
  const answered = async (
    args: readonly string[],
    question: RegExp,
    answer: string,
  ): Promise<number | null> => {
    const program = onTerminal(args);
    await until(() => question.test(program.said), `${args.join(" ")} asks ${question}`);
    program.stdin.write(`${answer}\n`);
    const { code } = await program.ended;
    return code;
  };
  const count = async (): Promise<string> =>
    (await lite(["get", "asked/", "--prefix", "--count-only", "-w", "fields"]).ended).stdout
      .toString()
      .replace(/^[\s\S]*"Count" : (\d+)[\s\S]*$/, "$1");

  test("del --prefix says how many keys go, and takes no for an answer; --yes does not ask", async () => {
    for (const key of ["asked/1", "asked/2"]) expect((await lite(["put", key, "x"]).ended).code).toBe(0);
    const del = ["del", "asked/", "--prefix"];
    expect(await answered(del, /This deletes 2 keys\. Go on\? \[y\/N\] /, "n")).toBe(1);
    expect(await count()).toBe("2");
    expect(await answered(del, /Go on\?/, "")).toBe(1);
    expect(await count()).toBe("2");
    expect(await answered(del, /Go on\?/, "y")).toBe(0);
    expect(await count()).toBe("0");
    const sure = await onTerminal([...del, "--yes"]).ended;
    expect([sure.code, sure.stdout.toString()]).toEqual([0, "0\r\n"]);
  });

  test("compaction says what is lost", async () => {
    expect(await answered(["compaction", "2"], /drops etcd's history before revision 2/, "no")).toBe(1);
    expect(await answered(["compaction", "2"], /Go on\?/, "yes")).toBe(0);
  });

  test("Ctrl-C at a question is a no, with 130", async () => {
    const program = onTerminal(["del", "filler", "--prefix"]);
    await until(() => program.said.includes("Go on?"));
    program.stdin.write("\u0003");
    expect((await program.ended).code).toBe(130);
  });

  test("a password is asked for twice and never shown", async () => {
    const program = onTerminal(["user", "add", "typed"]);
    await until(() => program.said.includes("Password of typed: "));
    program.stdin.write("s3crt\u007f\u007fret\n");
    await until(() => program.said.includes("again for confirmation: "));
    program.stdin.write("s3cret\n");
    const { code, stdout } = await program.ended;
    expect(code, stdout.toString()).toBe(0);
    expect(stdout.toString()).toContain("User typed created");
    expect(stdout.toString()).not.toMatch(/s3c|ret/);
  });

  test("progress is shown on a terminal, and only there", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    proxy.set({ mode: "throttle", bytesPerSecond: 3_000_000 });
    const save = ["snapshot", "save"];
    const shown = await onTerminal([...save, join(dir.path, "shown.db")], proxy.url).ended;
    expect(shown.code).toBe(0);
    expect(shown.stdout.toString()).toMatch(/\d+ %|\d MB {2}/);
    const quiet = await lite([...save, join(dir.path, "quiet.db")], { endpoint: proxy.url }).ended;
    expect([quiet.code, quiet.stderr]).toEqual([0, ""]);
  });
});
