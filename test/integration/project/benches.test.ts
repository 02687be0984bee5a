/** The benches run small, so that they cannot rot: rows with finite numbers, goals that find their rows. No time is asserted. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lineChart } from "../../../bench/measure/plot.ts";
import { benchmarkReport, plots, withScaleTable } from "../../../bench/measure/report.ts";
import * as reads from "../../../bench/reads.ts";
import * as startup from "../../../bench/startup.ts";
import * as transport from "../../../bench/transport.ts";
import * as watch from "../../../bench/watch.ts";
import * as writes from "../../../bench/writes.ts";
import { buildProject, projectFolder, startProgram } from "../../support/project-run.ts";

/** The width that goals are of. */
const small = { timeMs: 30, inFlight: [64] } as const;

/** Every number of every row; `undefined` stands where the system does not tell or a column is another row's. */
function expectFinite(rows: readonly object[]): void {
  for (const row of rows) {
    for (const [column, value] of Object.entries(row)) {
      if (typeof value === "number")
        expect(value, `${column} of ${JSON.stringify(row)}`).toSatisfy(Number.isFinite);
    }
  }
}

function expectJudged(goals: readonly { readonly value: string }[], count: number): void {
  expect(goals).toHaveLength(count);
}

describe("benches, small", () => {
  it("writes: a row for each verb, and tries of the hot key counted from one up", async () => {
    const rows = await writes.run({ ...small, kib: [1] });
    expect(rows.map(({ work }) => work)).toEqual([
      "etcd3 put",
      "etcd3 get, compare and put",
      "etcd3 delete",
      "create",
      "update",
      "guaranteedUpdate",
      "guaranteedUpdate, through the cache",
      "delete",
      "createMany",
      "guaranteedUpdate, one key",
    ]);
    expectFinite(rows);
    expect(rows.at(-1)?.tries).toBeGreaterThanOrEqual(1);
    expectJudged(writes.goals(rows), 5);
  });

  it("reads: one object, a list and a walk, beside etcd3", async () => {
    const rows = await reads.run({ ...small, objects: 600 });
    expect(rows.map(({ work }) => work)).toEqual([
      "etcd3 get",
      "get",
      "etcd3 getAll",
      "list",
      "walk in pages of 500",
    ]);
    expectFinite(rows);
    expectJudged(reads.goals(rows), 2);
  });

  it("transport: range, put and txn over each transport", async () => {
    const rows = await transport.run(small);
    expect(rows.map((row) => `${row.transport} ${row.work}`)).toEqual([
      "etcd3 range",
      "etcd3 put",
      "etcd3 create-txn",
      "http2 range",
      "http2 put",
      "http2 create-txn",
    ]);
    expectFinite(rows);
  });

  it("watch: replays of the whole history, and changes told to every watcher", async () => {
    const rows = await watch.run({ timeMs: 30, watchers: [1, 5] });
    expect(rows.map(({ work, watchers }) => `${work} ${watchers}`)).toEqual([
      "replay, etcd3 Watcher 1",
      "replay, undecoded, in parts 1",
      "replay, undecoded, whole 1",
      "replay, decoded 1",
      "live, store 1",
      "live, cache 1",
      "live, store 5",
      "live, cache 5",
    ]);
    expectFinite(rows);
    // The other goal is of 1,000 watchers.
    expectJudged(watch.goals(rows), 1);
  });

  it("startup: the compiled etcdctl-lite beside node alone", async () => {
    await buildProject();
    const program = `${projectFolder}/dist/tools/etcdctl-lite/main.js`;
    const rows = await startup.run({ starts: 1, program });
    expect(rows.map((row) => row.program)).toEqual([
      "node -e 0",
      "etcdctl-lite version",
      "etcdctl-lite --help",
    ]);
    expectFinite(rows);
    expectJudged(startup.goals(rows), 1);
  });

  it("the runner: each of its benches a line of the history with finite numbers, and a report", async () => {
    await buildProject();
    const folder = await mkdtemp(join(tmpdir(), "keelson-benches-"));
    try {
      const history = join(folder, "history.ndjson");
      const benches = [
        "cache",
        "backup",
        "codec",
        "quota",
        "list",
        "scale",
        "timeline",
        "txn",
        "layer",
        "http",
      ];
      const args = [...benches.slice(0, -2), "tables", "--small", "--history", history];
      const { code, stdout, stderr } = await (await startProgram("dist/bench/run.js", args)).ended();
      expect(code, stderr).toBe(0);
      const text = await readFile(history, "utf8");
      const runs = text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { bench: string; rows: object[]; goals: { goal: string }[] });
      expect(runs.map(({ bench }) => bench)).toEqual(benches);
      for (const { bench, rows, goals } of runs) {
        expect(rows.length, bench).toBeGreaterThan(0);
        expectFinite(rows);
        for (const { goal } of goals) expect(stdout).toContain(goal);
        expect(JSON.stringify(goals), bench).not.toContain("NaN");
      }
      for (const bench of benches) expect(benchmarkReport(text)).toContain(`## ${bench}\n`);
      const page = withScaleTable("a\n<!-- scale: begin -->\nwas here\n<!-- scale: end -->\nb", text);
      expect(page).toContain("| createMany | 600 | ");
      expect(page.startsWith("a\n<!-- scale: begin -->\n\n")).toBe(true);
      expect(page.endsWith("\n<!-- scale: end -->\nb")).toBe(true);
      expect(page).not.toContain("was here");
      const [growth] = plots(text);
      expect(growth?.file).toBe("growth.svg");
      expect(growth?.svg).toContain("<polyline");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 300_000);

  it("plot: a line and a legend for each series, ticks at decades, ink for light and for dark pages", () => {
    const svg = lineChart({
      title: "a < b",
      xLabel: "objects",
      yLabel: "ms",
      series: [
        {
          name: "one",
          points: [
            [1, 0.5],
            [1_000, 2],
            [1_000_000, 40],
          ],
        },
        { name: "none", points: [[0, 0]] },
      ],
    });
    expect(svg.match(/<polyline points="[^"]+"/g)).toHaveLength(1);
    expect(svg).toContain(">one</text>");
    expect(svg).not.toContain(">none</text>");
    expect(svg).toContain(">100k</text>");
    expect(svg).toContain("a &lt; b");
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toContain("NaN");
  });

  it("report: the newest run of a bench with its goals and rows", () => {
    const line = (at: string, value: string) =>
      JSON.stringify({
        bench: "reads",
        at,
        node: "v20",
        goals: [{ goal: "get", value, met: true }],
        rows: [{ work: "get", cpuUs: 12.345 }],
      });
    const report = benchmarkReport(`${line("2026-01-01T", "1x")}\n${line("2026-01-02T", "2x")}\n`);
    expect(report).toContain("## reads\n\n2026-01-02 · Node v20\n");
    expect(report).toContain("| get | 2x | met |");
    expect(report).not.toContain("1x");
    expect(report).toContain("| work | cpuUs |\n| --- | ---: |\n| get | 12.35 |");
    expect(report).not.toContain("is behind in");
    expect(() => benchmarkReport("{}")).toThrow("line 1");
  });

  it("report: says of a comparing bench what it compares, and in what keelson is behind", () => {
    const rows = [
      { work: "get", server: "keelson", ratio: "1.30 (0.90 to 1.60)" },
      { work: "list", server: "keelson", ratio: "0.91 (0.80 to 1.10)" },
      { work: "list", server: "kube-apiserver" },
    ];
    const report = benchmarkReport(JSON.stringify({ bench: "http", at: "2026-01-01T", goals: [], rows }));
    expect(report).toContain("kube-apiserver of `KUBE_BIN`");
    expect(report).toContain("keelson is behind in: keelson, list: 0.91 (0.80 to 1.10).\n");
  });
});
