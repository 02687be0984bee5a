/**
 * docs/benchmarks.md from bench/history.ndjson: of each bench its newest run, with where it was made, its goals and its
 * table. Pure: text in, text out; bench/run reads and writes the files.
 */
type Row = Readonly<Record<string, unknown>>;

interface HistoryRun {
  readonly bench: string;
  readonly at: string;
  readonly commit?: string | undefined;
  readonly machine?: string | undefined;
  readonly node?: string | undefined;
  readonly etcd?: string | undefined;
  readonly goals: readonly { readonly goal: string; readonly value: string; readonly met: boolean }[];
  readonly rows: readonly Row[];
}

const opening = `# Benchmarks

Written by \`npm run bench -- --report\` from bench/history.ndjson: the newest run of each bench. Wall figures move with
the machine and what else it does; compare them inside one run only. CPU per operation is the stable column.
An anchor is the figure of Kubernetes' own storage layer in Go, or of etcd's Go client, on another 2-core machine.
`;

/** @throws Error naming the line that is not a run */
export function benchmarkReport(history: string): string {
  const newest = new Map<string, HistoryRun>();
  for (const [index, line] of history.split("\n").entries()) {
    if (line.trim() === "") continue;
    const run = parseRun(line, index + 1);
    newest.set(run.bench, run);
  }
  const runs = [...newest.values()].sort((a, b) => (a.bench < b.bench ? -1 : 1));
  return `${[opening, ...runs.map(section)].join("\n")}`;
}

function parseRun(line: string, number: number): HistoryRun {
  const run: unknown = JSON.parse(line);
  const fits =
    typeof run === "object" && run !== null && "bench" in run && "rows" in run && Array.isArray(run.rows);
  if (!fits) throw new Error(`Cannot read bench/history.ndjson: line ${number} is no run of a bench`);
  return run as unknown as HistoryRun;
}

function section({ bench, at, commit, machine, node, etcd, goals, rows }: HistoryRun): string {
  const where = [at.slice(0, 10), commit && `commit ${commit}`, machine, node && `Node ${node}`, etcd];
  const lines = [`## ${bench}`, "", where.filter(Boolean).join(" · "), ""];
  if (goals.length > 0) {
    lines.push("| goal | measured | |", "| --- | ---: | --- |");
    for (const { goal, value, met } of goals)
      lines.push(`| ${cell(goal)} | ${cell(value)} | ${met ? "met" : "missed"} |`);
    lines.push("");
  }
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const numeric = columns.map((column) => rows.some((row) => typeof row[column] === "number"));
  lines.push(
    `| ${columns.join(" | ")} |`,
    `| ${numeric.map((isNumber) => (isNumber ? "---:" : "---")).join(" | ")} |`,
    ...rows.map((row) => `| ${columns.map((column) => cell(row[column])).join(" | ")} |`),
    "",
  );
  return lines.join("\n");
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (typeof value !== "number") return String(value).replaceAll("|", "\\|");
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
