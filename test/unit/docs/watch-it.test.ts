/**
 * The guide "Watch it" has every metric there is, and the alerts and the dashboard name no other. WRITE_DOCS=1 writes the guide's
 * tables.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backupMetrics } from "keelson/backup";
import { metricFacts } from "keelson/metrics";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { projectFolder } from "../../support/project-run.ts";

const guide = join(projectFolder, "docs", "guides", "watch-it.md");
const task = { succeeded: 1, failed: 0, lastSuccessMs: 1, lastDurationMs: 1, lastError: undefined };
/** Every metric of a backup run, from a status that has everything. */
const page = backupMetrics(
  {
    leading: true,
    newestFullMs: 1,
    newestDeltaMs: 1,
    coveredRevision: "1",
    revisionLag: 0,
    writtenBytes: 1,
    tasks: { full: task, delta: task, prune: task, verify: task, drill: task },
    lastDrill: {
      ok: true,
      problems: [],
      revision: "1",
      hashKv: 1,
      etcdVersion: "3.5.30",
      kinds: [],
      restoreMs: 1,
      totalMs: 1,
    },
  },
  1,
);
const ofBackups = [...page.matchAll(/# HELP (\S+) (.*)\n# TYPE \S+ (\w+)\n/g)].map(
  ([, name = "", help = "", type = ""]) => ({ name, help, type }),
);

interface Fact {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

const unitOf = ({ name }: Fact): string =>
  /seconds/.exec(name)?.[0] ??
  /bytes/.exec(name)?.[0] ??
  (/_(up|ready|healthy|ok|leading|leader)$/.test(name) ? "0 or 1" : "count");

const table = (facts: readonly Fact[]): string =>
  [
    "| metric | type | unit | what |",
    "| --- | --- | --- | --- |",
    ...facts.map((fact) => `| \`${fact.name}\` | ${fact.type} | ${unitOf(fact)} | ${fact.help} |`),
  ].join("\n");

const filled = (text: string): string =>
  [
    ["metrics", table(metricFacts)],
    ["backups", table(ofBackups)],
  ].reduce(
    (all, [name, rows]) =>
      all.replace(
        new RegExp(`(<!-- ${name}: .* -->\n)[\\s\\S]*(<!-- end of ${name} -->)`),
        (_, begin, end) => `${begin}\n${rows}\n\n${end}`,
      ),
    text,
  );

test("the guide has every metric with its type, unit and meaning", async () => {
  const text = await readFile(guide, "utf8");
  if (process.env["WRITE_DOCS"] === "1") await writeFile(guide, filled(text));
  expect(await readFile(guide, "utf8")).toBe(filled(text));
});

const known = new Set(
  [...metricFacts, ...ofBackups].flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

test.each([
  "examples/monitoring/grafana-dashboard.json",
  "examples/monitoring/alerts.yaml",
  "examples/backup-run/alerts.yaml",
])("%s names metrics that exist", async (file) => {
  const named = new Set((await readFile(join(projectFolder, file), "utf8")).match(/\bkeelson_\w+/g));
  expect(named.size).toBeGreaterThan(3);
  for (const name of named) expect(known, name).toContain(name);
});

test("every panel of the dashboard asks for something, and none lies on another", async () => {
  const text = await readFile(join(projectFolder, "examples/monitoring/grafana-dashboard.json"), "utf8");
  const { panels } = JSON.parse(text);
  const places = new Set<string>();
  for (const { title, targets, gridPos } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { expr } of targets) expect(expr, title).toMatch(/keelson_/);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(places.has(`${x} ${y}`), `${title} lies on another panel`).toBe(false);
        places.add(`${x} ${y}`);
      }
    }
  }
});

test("every alert says what is wrong, and how bad that is", async () => {
  const { groups } = parse(await readFile(join(projectFolder, "examples/monitoring/alerts.yaml"), "utf8"));
  for (const { rules } of groups) {
    for (const { alert, expr, labels, annotations } of rules) {
      expect({ alert, expr, labels, annotations }).toEqual({
        alert: expect.stringMatching(/^Keelson[A-Z]/),
        expr: expect.any(String),
        labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
        annotations: { summary: expect.stringMatching(/\.$/) },
      });
    }
  }
});
