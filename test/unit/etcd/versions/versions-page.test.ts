/**
 * docs/etcd-versions.md ends with the tables of src/etcd/versions, word for word. After a change of a table, write the page
 * anew:
 *
 *   WRITE_DOCS=1 npx vitest run --project unit test/unit/etcd/versions/versions-page.test.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { features, lineOf, releaseLines } from "../../../../src/etcd/versions/release-lines.ts";
import { compareVersions } from "../../../../src/etcd/versions/version.ts";
import { type Effect, faults } from "../../../../src/etcd/versions/version-facts.ts";
import { hasFeature } from "../../../support/etcd/etcd-features.ts";

const page = fileURLToPath(new URL("../../../../docs/etcd-versions.md", import.meta.url));
const endOfPreface = "<!-- From here on: the tables of src/etcd/versions; a test keeps it so. -->\n";
const lines = [...releaseLines.map(({ line }) => line), "3.7"];

function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headers, headers.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

const firstOf = (line: string, since: readonly string[]): string => {
  const own = since.find((version) => lineOf(version) === line);
  if (own !== undefined) return own;
  return compareVersions(`${line}.0`, since.at(-1) ?? "") > 0 ? "yes" : "no";
};

const mendedIn = (line: string, fixed: readonly string[], since: string | undefined): string => {
  const own = fixed.find((version) => lineOf(version) === line);
  if (own !== undefined) return own;
  const newer = compareVersions(`${line}.0`, fixed.at(-1) ?? "") > 0;
  const older = since !== undefined && compareVersions(lineOf(since), line) > 0;
  return newer || older ? "never had it" : "not fixed";
};

function tables(): string {
  return [
    "\n## Lines\n\n",
    table(
      ["line", "newest patch known", "patches", "upgrade"],
      releaseLines.map(({ line, newest, endedOn, upgrade }) => [
        line,
        newest,
        endedOn === undefined ? "yes" : `ended ${endedOn}`,
        upgrade,
      ]),
    ),
    "\n## What each line gives\n\nThe first version of a line that has it.\n\n",
    table(
      ["feature", ...lines],
      features.map(({ what, since }) => [what, ...lines.map((line) => firstOf(line, since))]),
    ),
    "\n## Known faults\n\nThe first version of a line without it.\n\n",
    table(
      ["fault", "what", "kind", ...lines],
      faults.map(({ id, what, kind, fixed, since }) => [
        id,
        what,
        kind,
        ...lines.map((line) => mendedIn(line, fixed, since)),
      ]),
    ),
  ].join("");
}

test("docs/etcd-versions.md says what the tables say", async () => {
  const written = await readFile(page, "utf8");
  const [preface = ""] = written.split(endOfPreface);
  const expected = `${preface}${endOfPreface}${tables()}`;
  if (process.env["WRITE_DOCS"] === "1") await writeFile(page, expected);
  else expect(written).toBe(expected);
});

/** "before 3.4.31, 3.5.0 to 3.5.12": every version that has a fault mended in `fixed`. */
function versionsWith(fixed: readonly string[]): string {
  const [first = "", ...later] = fixed;
  const ranges = later.map((fix) => `${lineOf(fix)}.0 to ${lineOf(fix)}.${Number(fix.split(".")[2]) - 1}`);
  return [`before ${first}`, ...ranges].join(", ");
}

test("what pages say the client does is what the table has it do", async () => {
  const text = await readFile(page, "utf8");
  const cache = await readFile(fileURLToPath(new URL("../../../../docs/cache.md", import.meta.url)), "utf8");
  const fixed = (effect: Effect): readonly string[] =>
    faults.find((fault) => fault.effect === effect)?.fixed ?? [];
  for (const effect of ["progressWithheld", "compactedStart"] as const) {
    expect(text).toContain(`| ${versionsWith(fixed(effect))} |`);
  }
  // The older fault of progress ends within the other one.
  expect(versionsWith(fixed("progressAhead")) < versionsWith(fixed("progressWithheld"))).toBe(true);
  expect(cache).toContain(versionsWith(fixed("progressWithheld")).replace(", ", ", and of "));
  expect(fixed("losesData")).toEqual(["3.5.3"]);
  expect(fixed("defragDiverges")).toEqual(["3.5.6"]);
  expect(text).toContain("| 3.5.0 to 3.5.2 | refuses");
  expect(text).toContain("| 3.5.3 to 3.5.5 | warns");
});

describe("features", () => {
  test("a line has a feature from the version listed for it, a newer line from its beginning", () => {
    expect(hasFeature("3.4.28", "probes")).toBe(false);
    expect(hasFeature("3.4.29", "probes")).toBe(true);
    expect(hasFeature("3.5.10", "probes")).toBe(false);
    expect(hasFeature("3.5.11", "probes")).toBe(true);
    expect(hasFeature("3.6.0", "probes")).toBe(true);
    expect(hasFeature("3.5.33", "statusOf36")).toBe(false);
    expect(hasFeature("3.7.1", "statusOf36")).toBe(true);
    expect(hasFeature("3.6.14", "rangeStream")).toBe(false);
    expect(hasFeature("3.4.45", "downgrade")).toBe(false);
  });

  test("every list goes from the oldest line to the newest", () => {
    for (const { since } of features) expect([...since].sort(compareVersions)).toEqual(since);
    for (const { fixed } of faults) expect([...fixed].sort(compareVersions)).toEqual(fixed);
  });
});
