/**
 * docs/benchmarks.md and docs/plots from bench/history.ndjson: the newest run of each bench, with its machine, goals,
 * charts and table. Pure: text in, text out; bench/run reads and writes the files.
 */
import { type Chart, lineChart, type Series } from "./plot.ts";

type Row = Readonly<Record<string, unknown>>;

interface HistoryRun {
  readonly bench: string;
  readonly at: string;
  readonly commit?: string | undefined;
  readonly machine?: string | undefined;
  readonly node?: string | undefined;
  readonly etcd?: string | undefined;
  /** Load average of the machine when the bench ended. */
  readonly load?: number | undefined;
  readonly goals: readonly { readonly goal: string; readonly value: string; readonly met: boolean }[];
  readonly rows: readonly Row[];
}

const opening = `# Benchmarks

Written by \`npm run bench -- --report\` from bench/history.ndjson: the newest run of each bench. Load is that of the machine's
last minute when a bench ended: 2 to 3 is the bench alone, more is others beside it. Wall figures move with
the machine and what else it does; compare them inside one run only. CPU per operation is the stable column.
An anchor is the figure of Kubernetes' own storage layer in Go, or of etcd's Go client, on another 2-core machine.
`;

/** What a bench compares, and how; printed above its tables. */
const abouts: Readonly<Record<string, string>> = {
  http: `What a client of an API server gets over HTTP: keelson's senders (plain, over TLS, and two processes on one port) and
kube-apiserver of \`KUBE_BIN\` (TLS, token), each with an etcd of its own, 10,000 config maps of 1 KiB. They take turns in every
round, in the other order every second time. A ratio is keelson's rate over kube-apiserver's of the same round (above 1: keelson is
ahead), with the smallest and the largest of the rounds. kube-apiserver does more for a request than the bench's server: it
authenticates a token, admits, and keeps managed fields. Again: \`KUBE_BIN=<folder> npm run bench -- http\`.`,
  layer: `The layer without HTTP: keelson and Kubernetes' own layer in Go (k8s.io/apiserver, storage/etcd3 and storage/cacher, objects as
protobuf), each a process with an etcd of its own, objects of 1 KiB, by turns as above. Writers of watched objects are
processes of their own. keelson's list by label has an index, the peer's has none. \`LAYER_PEER\` names the peer's program;
bench/layer/subject.ts says what it has to answer. Again: \`LAYER_PEER=<program> npm run bench -- layer\`, or \`tables\` for both.`,
  timeline: `Where the milliseconds between a write's acknowledgement and its delivery to the last watcher go (bench/timeline.ts). Shares are of
the slowest hundredth of the writes.`,
  txn: `What each part of a create's transaction costs etcd: a row has one part more than the one above it.`,
};

/** The charts of a bench. */
interface Plot extends Omit<Chart, "series"> {
  readonly bench: string;
  readonly file: string;
  series(rows: readonly Row[]): readonly Series[];
}

const drawn: readonly Plot[] = [
  {
    bench: "writes",
    file: "latency-under-load.svg",
    title: "Latency under load (objects of 1 KiB)",
    xLabel: "writes in flight",
    yLabel: "ms",
    series: (rows) =>
      ["create", "etcd3 put"].flatMap((work) =>
        (["p50Ms", "p99Ms"] as const).map((field) => ({
          name: `${work}, ${field.slice(0, 3)}`,
          points: pointsOf(rows, "inFlight", field, (row) => row["work"] === work && row["kib"] === 1),
        })),
      ),
  },
  {
    bench: "watch",
    file: "fan-out.svg",
    title: "One change delivered to many watchers",
    xLabel: "watchers",
    yLabel: "client CPU µs per event delivered",
    series: (rows) =>
      ["live, cache", "live, store"].map((work) => ({
        name: work === "live, cache" ? "of a cache" : "of the store",
        points: pointsOf(rows, "watchers", "clientCpuUs", (row) => row["work"] === work),
      })),
  },
  {
    bench: "scale",
    file: "growth.svg",
    title: "What a read costs as objects grow",
    xLabel: "objects",
    yLabel: "ms",
    series: (rows) =>
      [
        "get from etcd",
        "page of 500 from etcd",
        "get from the cache",
        "get from the cache, linearizable",
        "page of 500 from the cache",
        "write, until a watcher has it",
      ].map((work) => ({
        name: work,
        points: pointsOf(rows, "objects", "value", (row) => row["work"] === work),
      })),
  },
];

/** The charts of all benches that have a run. @throws Error naming a line that is not a run */
export function plots(history: string): readonly { readonly file: string; readonly svg: string }[] {
  const newest = newestRuns(history);
  return drawn.flatMap(({ bench, file, series, ...chart }) => {
    const run = newest.get(bench);
    return run === undefined ? [] : [{ file, svg: lineChart({ ...chart, series: series(run.rows) }) }];
  });
}

/** The two lines of docs/scale.md that enclose its table. */
const scaleMarks = ["<!-- scale: begin -->", "<!-- scale: end -->"] as const;

/**
 * `page` with the newest run of bench/scale in its place; unchanged if there is none. @throws Error if the place is
 * missing
 */
export function withScaleTable(page: string, history: string): string {
  const [begin, end] = scaleMarks;
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/scale.md has no lines ${begin}, ${end}`);
  const run = newestRuns(history).get("scale");
  if (run === undefined) return page;
  const lines = [
    begin,
    "",
    whereOf(run),
    "",
    "| work | objects | measured | |",
    "| --- | ---: | ---: | --- |",
    ...run.rows.map(
      ({ work, objects, value, unit, note }) =>
        `| ${cell(work)} | ${grouped(objects)} | ${grouped(value)} ${cell(unit)} | ${cell(note)} |`,
    ),
    "",
    end,
  ];
  return `${before}${lines.join("\n")}${after}`;
}

function grouped(value: unknown): string {
  return typeof value === "number"
    ? value.toLocaleString("en-US", { maximumSignificantDigits: 9 })
    : cell(value);
}

function pointsOf(
  rows: readonly Row[],
  x: string,
  y: string,
  belongs: (row: Row) => boolean,
): readonly (readonly [number, number])[] {
  return rows
    .filter(belongs)
    .flatMap((row) => {
      const [at, value] = [row[x], row[y]];
      return typeof at === "number" && typeof value === "number" ? [[at, value] as const] : [];
    })
    .sort(([a], [b]) => a - b);
}

/** @throws Error naming a line that is not a run */
export function benchmarkReport(history: string): string {
  const runs = [...newestRuns(history).values()].sort((a, b) => (a.bench < b.bench ? -1 : 1));
  return `${[opening, ...runs.map(section)].join("\n")}`;
}

function newestRuns(history: string): ReadonlyMap<string, HistoryRun> {
  const newest = new Map<string, HistoryRun>();
  for (const [index, line] of history.split("\n").entries()) {
    if (line.trim() === "") continue;
    const run = parseRun(line, index + 1);
    newest.set(run.bench, run);
  }
  return newest;
}

function parseRun(line: string, number: number): HistoryRun {
  const run: unknown = JSON.parse(line);
  const fits =
    typeof run === "object" && run !== null && "bench" in run && "rows" in run && Array.isArray(run.rows);
  if (!fits) throw new Error(`Cannot read bench/history.ndjson: line ${number} is no run of a bench`);
  return run as unknown as HistoryRun;
}

function whereOf({ at, commit, machine, node, etcd, load }: HistoryRun): string {
  const where = [
    at.slice(0, 10),
    commit && `commit ${commit}`,
    machine,
    node && `Node ${node}`,
    etcd && `etcd ${etcd}`,
    load === undefined ? undefined : `load ${load}`,
  ];
  return where.filter(Boolean).join(" · ");
}

function section(run: HistoryRun): string {
  const { bench, goals, rows } = run;
  const lines = [`## ${bench}`, "", whereOf(run), ""];
  const about = abouts[bench];
  if (about !== undefined) lines.push(about, "");
  const losing = behind(rows);
  if (losing.length > 0) lines.push(`keelson is behind in: ${losing.join("; ")}.`, "");
  if (goals.length > 0) {
    lines.push("| goal | measured | |", "| --- | ---: | --- |");
    for (const { goal, value, met } of goals)
      lines.push(`| ${cell(goal)} | ${cell(value)} | ${met ? "met" : "missed"} |`);
    lines.push("");
  }
  for (const { file, title } of drawn.filter((plot) => plot.bench === bench))
    lines.push(`![${title}](plots/${file})`, "");
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

/** Workloads in which the median of keelson's ratios to its peer is below 1. */
function behind(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ work, ratio, server, layer }) => {
    if (typeof ratio !== "string" || !(Number.parseFloat(ratio) < 1)) return [];
    return [`${cell(server ?? layer)}, ${cell(work)}: ${ratio}`];
  });
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (typeof value !== "number") return String(value).replaceAll("|", "\\|");
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
