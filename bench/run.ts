/**
 * `npm run bench -- codec …`: runs the named benches, prints their tables, and appends one JSON line a run to
 * bench/history.ndjson (commit, machine, node, etcd, numbers). A bench is bench/<name>.ts with `run(options)`, which gives
 * rows, and perhaps `goals(rows)`. `--time 500` measures longer, `--in-flight 1,64` chooses widths,
 * `--small` shows only that a bench works, `--history` names another file, `--no-history` appends nothing, `--report` writes docs/benchmarks.md and docs/plots from the history, after the benches
 * named or alone. `tables` stands for the two benches that compare keelson with Kubernetes: layer and http.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { Goal } from "./measure/goals.ts";
import { benchmarkReport, plots, withScaleTable } from "./measure/report.ts";

type Row = Readonly<Record<string, unknown>>;
interface BenchModule {
  run(options: {
    readonly timeMs?: number | undefined;
    readonly inFlight?: readonly number[] | undefined;
  }): Promise<readonly Row[]>;
  /** Options of the shortest complete run. */
  readonly small?: object;
  goals?(rows: readonly Row[]): readonly Goal[];
}

const reportFile = "docs/benchmarks.md";
const plotFolder = "docs/plots";
const scaleFile = "docs/scale.md";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    time: { type: "string" },
    "in-flight": { type: "string" },
    "no-history": { type: "boolean", default: false },
    report: { type: "boolean", default: false },
    small: { type: "boolean", default: false },
    history: { type: "string", default: "bench/history.ndjson" },
  },
});
const names = positionals.flatMap((name) => (name === "tables" ? ["layer", "http"] : [name]));
if ((names.length === 0 && !flags.report) || names.some((name) => !/^[a-z][a-z-]*$/.test(name))) {
  process.stderr.write(
    "usage: npm run bench -- <name>… [--time <ms>] [--in-flight <n,…>] [--small] [--history <file>] [--no-history] [--report]\n",
  );
  process.exit(2);
}

for (const name of names) {
  const bench = (await import(`./${name}.js`)) as BenchModule;
  const timeMs = flags.time === undefined ? undefined : Number(flags.time);
  const inFlight = flags["in-flight"]?.split(",").map(Number);
  const rows = await bench.run({ timeMs, inFlight, ...(flags.small ? bench.small : {}) });
  const goals = bench.goals?.(rows) ?? [];
  process.stdout.write(`\n${name}\n${table(rows)}\n`);
  for (const { goal, value, met } of goals)
    process.stdout.write(`${met ? "met   " : "MISSED"}  ${goal}: ${value}\n`);
  if (!flags["no-history"]) {
    appendFileSync(flags.history, `${JSON.stringify({ bench: name, ...surroundings(), goals, rows })}\n`);
  }
}
if (flags.report) {
  const history = readFileSync(flags.history, "utf8");
  mkdirSync(plotFolder, { recursive: true });
  for (const { file, svg } of plots(history)) writeFileSync(`${plotFolder}/${file}`, svg);
  writeFileSync(reportFile, benchmarkReport(history));
  writeFileSync(scaleFile, withScaleTable(readFileSync(scaleFile, "utf8"), history));
}

/** The machine and software of the figures. */
function surroundings(): Record<string, unknown> {
  const all = cpus();
  return {
    at: new Date().toISOString(),
    commit: commandOutput("git", ["rev-parse", "--short", "HEAD"]),
    machine: `${all[0]?.model ?? "unknown"} x${all.length}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    // Load average of the last minute, of this bench and everything else on the machine.
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    etcd: commandOutput(process.env["KEELSON_ETCD"] ?? "etcd", ["--version"])?.match(/Version: (\S+)/)?.[1],
  };
}

function commandOutput(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

function table(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((line) => line[i]?.length ?? 0)),
  );
  const line = (texts: readonly string[], numbers: readonly boolean[]): string =>
    texts
      .map((text, i) => (numbers[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ");
  const numeric = columns.map((column) => rows.some((row) => typeof row[column] === "number"));
  return [line(columns, numeric), ...cells.map((texts) => line(texts, numeric))].join("\n");
}

function cell(value: unknown): string {
  if (value === undefined) return "-";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
