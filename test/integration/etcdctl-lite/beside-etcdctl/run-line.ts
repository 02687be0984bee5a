/** One command line through a real etcdctl, and through etcdctl-lite within this process; the same is compared of both. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { run } from "../../../../tools/etcdctl-lite/run.ts";
import { patience } from "../lite.ts";
import type { ReplayLine } from "./command-lines.ts";

export interface Outcome {
  readonly stdout: string;
  /** The lines people are told on stderr: logs of etcdctl's client, hints and repetitions apart. */
  readonly told: readonly string[];
  readonly code: number | "ended";
}

/** A line that hangs is ended after this; no line is meant to take as long. */
const hangMs = 60_000;

/** Both tools wait longer than they do by themselves; a variable and a flag of one meaning would be refused. */
const patiently = (
  args: readonly string[],
  { env = {}, tool }: Pick<ReplayLine, "env" | "tool">,
): readonly string[] =>
  tool === "etcdutl" || "ETCDCTL_COMMAND_TIMEOUT" in env ? args : [...patience, ...args];

export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

export async function runReal(
  binary: string,
  args: readonly string[],
  entry: Omit<ReplayLine, "line">,
): Promise<Outcome> {
  const { stdin = "", lines, env = {} } = entry;
  const child = spawn(binary, patiently(args, entry), { env: { PATH: process.env["PATH"], ...env } });
  const pieces = { stdout: "", stderr: "" };
  let ended = false;
  const end = (): void => {
    ended = true;
    child.kill();
  };
  const timer = setTimeout(end, hangMs);
  child.stdout.on("data", (bytes: Buffer) => {
    pieces.stdout += bytes.toString("latin1");
    if (lines !== undefined && linesIn(pieces.stdout) >= lines) end();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    pieces.stderr += bytes.toString("utf8");
  });
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const [code] = await once(child, "close");
  clearTimeout(timer);
  return outcome(pieces, ended ? "ended" : Number(code), lines);
}

export async function runLite(args: readonly string[], entry: Omit<ReplayLine, "line">): Promise<Outcome> {
  const { stdin = "", lines, env = {} } = entry;
  const pieces = { stdout: "", stderr: "" };
  const end = new AbortController();
  let ended = false;
  const stop = (): void => {
    ended = true;
    end.abort(new Error("the line has printed what it should"));
  };
  const timer = setTimeout(stop, hangMs);
  const code = await run(patiently(args, entry), {
    stdin: (async function* () {
      if (stdin !== "") yield Buffer.from(stdin);
    })(),
    stdout: {
      write(bytes) {
        pieces.stdout += Buffer.from(bytes).toString("latin1");
        if (lines !== undefined && linesIn(pieces.stdout) >= lines) stop();
      },
    },
    stderr: {
      write(bytes) {
        pieces.stderr += Buffer.from(bytes).toString("utf8");
      },
    },
    env,
    signal: end.signal,
    program: "etcdctl",
  });
  clearTimeout(timer);
  return outcome(pieces, ended ? "ended" : code, lines);
}

const linesIn = (text: string): number => text.split("\n").length - 1;

function outcome(
  { stdout: all, stderr }: { stdout: string; stderr: string },
  code: Outcome["code"],
  lines: number | undefined,
): Outcome {
  // Pieces end anywhere: what came beyond the wanted lines before the end took effect is chance.
  const stdout =
    lines === undefined
      ? all
      : all
          .split("\n", lines)
          .map((line) => `${line}\n`)
          .join("");
  const told = stderr.split("\n").filter((line) => /^Error:|unhealthy|^Failed|canceled/.test(line));
  // The help etcdctl adds to a wrong flag is no part of the comparison.
  const help = stdout.startsWith("NAME:");
  const text = Buffer.from(stdout, "latin1").toString("utf8");
  return { stdout: masked(help ? "" : text), told: [...new Set(told.map(masked))], code };
}

/** Ids, times, sizes and ports differ between two clusters that hold the same; so does a hash over lease ids. */
export function masked(text: string): string {
  return (
    text
      .replace(/\S*\/keelson-ca-[^/\s]+\//g, "")
      .replace(/[^\s"]*\/keelson-replay-[^/\s"]+\/(?:real|lite)/g, "DIR")
      .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
      .replace(/("(?:raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|hash)":)\d+/g, "$1<n>")
      .replace(/("(?:RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse|Hash)" : )\d+/g, "$1<n>")
      .replace(/(true|false), (\d+), \d+, \d+, /g, "$1, $2, <n>, <n>, ")
      .replace(/<port>, \d+(, \d+)?$/gm, "<port>, <hash>$1")
      .replace(/\b\d+%/g, "<n>%")
      .replace(/\b\d+(\.\d+)?(µs|ms|s)\b/g, (found) => (/^\d+s$/.test(found) ? found : "<took>"))
      .replace(/\b\d+(\.\d+)? [kM]?B\b/g, "<size>")
      // Of 64 bits, mostly; some begin with zeros.
      .replace(/\b\d{13,20}\b/g, "<id>")
      .replace(/\b[0-9a-f]{11,16}\b/g, "<id>")
      .replace(/(Member|cluster) +<id>/g, "$1 <id>")
      // In the order of the members' ids, which are chosen by chance.
      .replace(/(ETCD_INITIAL_CLUSTER=")([^"]*)/g, (_, name: string, list: string) => name + sortedList(list))
      .replace(/^│.*$/gm, (row) => maskedRow(row.replace(/ +/g, " ")))
      .replace(/─+/g, "─")
      // etcdctl 3.6 draws with what is on every keyboard.
      .replace(/^\|.*$/gm, (row) => maskedPlainRow(row.replace(/ +/g, " ")))
      .replace(/^\+[-+]+\+$/gm, (rule) => rule.replace(/-+/g, "-"))
  );
}

const sortedList = (list: string): string => list.split(",").sort().join(",");

/** A row of a table: columns are as wide as what was masked. */
const maskedRow = (row: string): string =>
  row.replace(/ \d+ │ \d+ │ │$/, " <n> │ <n> │ │").replace(/(<port> │) \d+ │$/, "$1 <hash> │");

const maskedPlainRow = (row: string): string =>
  row
    .replace(/ \d+ \| \d+ (\|[^|]*\|[^|]*\| (?:true|false) \|)$/, " <n> | <n> $1")
    .replace(/(<port> \|) \d+ (\| \d+ \|)$/, "$1 <hash> $2");
