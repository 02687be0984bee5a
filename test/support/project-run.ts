/**
 * The project as its user runs it: scripts and built programs as processes of their own, on the compiled sources.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { findEtcd } from "../../src/etcd/local/find-etcd.ts";

export const projectFolder: string = fileURLToPath(new URL("../..", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Without the warning of an etcd whose watch progress is not trusted: what is tested is not the version. */
  readonly stderr: string;
}

/** In Node's form, with the hint that follows the first warning. */
const versionWarning = /^\(node:\d+\) \[KEELSON_PROGRESS\] .*\n(\(Use `node --trace-warnings .*\n)?/gm;

/** A started program; `output()` is what it has said so far on both streams. */
export class ProgramRun {
  readonly child: ChildProcess;
  #stdout = "";
  #stderr = "";
  /** It has ended, and everything it said is here: its exit alone may be known before its last words are. */
  readonly #closed: Promise<unknown>;
  #over = false;

  constructor(child: ChildProcess) {
    this.child = child;
    this.#closed = once(child, "close").finally(() => {
      this.#over = true;
    });
    // Whoever waits for it is told of a program that could not be started.
    this.#closed.catch(() => {});
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
  }

  get #told(): string {
    return this.#stderr.replace(versionWarning, "");
  }

  output(): string {
    return this.#stdout + this.#told;
  }

  /** The first match of `pattern` in what it says. @throws Error when it ends before */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output());
      if (match !== null) return match;
      if (this.#over) throw new Error(`it ended without saying ${pattern}:\n${this.output()}`);
      const ended = new AbortController();
      const { stdout, stderr } = this.child;
      await Promise.race([
        this.#closed,
        ...[stdout, stderr].map((stream) => stream && once(stream, "data", { signal: ended.signal })),
      ]).finally(() => ended.abort());
    }
  }

  async ended(): Promise<Ended> {
    await this.#closed;
    return {
      code: this.child.exitCode,
      signal: this.child.signalCode,
      stdout: this.#stdout,
      stderr: this.#told,
    };
  }
}

/** Starts a Node program of the project, with the etcd of this machine and no colour. */
export async function startProgram(
  path: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<ProgramRun> {
  const { path: etcd } = await findEtcd();
  return startChild(path, args, { cwd: projectFolder, env: { KEELSON_ETCD: etcd, ...environment } });
}

/** Starts a Node program in a folder, without colour. */
export function startChild(
  path: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): ProgramRun {
  return new ProgramRun(
    spawn(process.execPath, [path, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

/** Brings dist to the sources, as `npm start` and `npm test` do. @throws Error with the compiler's words */
export async function buildProject(): Promise<void> {
  const { code, stderr } = await (await startProgram("scripts/setup.mjs")).ended();
  if (code !== 0) throw new Error(`npm run setup ended with ${code}:\n${stderr}`);
}
