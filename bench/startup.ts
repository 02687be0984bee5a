/**
 * How long a command line takes to start: `etcdctl-lite version` beside `node -e 0`, alternating in one run, so that
 * other load affects both. It uses the compiled program, as installed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { atMost, type Goal, ratioOf } from "./measure/goals.ts";

export interface StartupRow {
  readonly program: string;
  /** Milliseconds from start to end of the process. */
  readonly medianMs: number;
  readonly leastMs: number;
}

export interface StartupOptions {
  /** Starts of each; default 20. */
  readonly starts?: number | undefined;
  /** The compiled main.js; default: the one built beside this file. */
  readonly program?: string | undefined;
}

const nodeAlone = "node -e 0";
const version = "etcdctl-lite version";
const help = "etcdctl-lite --help";
/** Up to this multiple of Node's own start, a command feels immediate. */
const timesNodeMax = 3;

/** @throws Error when a program does not exit with 0 */
export async function run(options: StartupOptions = {}): Promise<readonly StartupRow[]> {
  const main = options.program ?? fileURLToPath(new URL("../tools/etcdctl-lite/main.js", import.meta.url));
  const commands: readonly (readonly [string, readonly string[]])[] = [
    [nodeAlone, ["-e", "0"]],
    [version, [main, "version"]],
    [help, [main, "--help"]],
  ];
  const tookMs = new Map<string, number[]>(commands.map(([program]) => [program, []]));
  for (let start = 0; start < (options.starts ?? 20); start++) {
    for (const [program, args] of commands) tookMs.get(program)?.push(await startMs(args));
  }
  return [...tookMs].map(([program, times]) => {
    const sorted = times.sort((a, b) => a - b);
    return { program, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, leastMs: sorted[0] ?? 0 };
  });
}

export function goals(rows: readonly StartupRow[]): readonly Goal[] {
  const medianOf = (program: string): number | undefined =>
    rows.find((row) => row.program === program)?.medianMs;
  return atMost(
    `${version} within ${timesNodeMax} times ${nodeAlone}`,
    ratioOf(medianOf(version), medianOf(nodeAlone)),
    timesNodeMax,
    (figure) => `${figure.toFixed(2)} times`,
  );
}

async function startMs(args: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const [code] = await once(spawn(process.execPath, args, { stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${String(code)}`);
  return performance.now() - startedMs;
}
