import { describe, expect, test } from "vitest";
import type { HistoryLine } from "../../../../campaign/checkers/history.ts";
import { formatViolation, verdictOf } from "../../../../campaign/checkers/verdict.ts";
import { call, event, got, put, run, stream } from "./made.ts";

const create = call("create", "x", { at: [0, 1], value: "v1", guard: 0, revision: 10 });

describe("the verdict of a run", () => {
  test("is clean when all that looked found nothing, and names the checkers that had nothing to look at", () => {
    const verdict = verdictOf(
      run(put(10, "x", "v1"), create, stream({ start: 9 }, event("ADDED", 10, "x", "v1"))),
    );
    expect(verdict).toMatchObject({ clean: true, count: 0 });
    expect(verdict.void).toEqual(["C4", "C5", "C6", "C8", "C9", "C10"]);
  });

  test("counts every violation and shows each with the lines it is about", () => {
    const stale = [10, 11, 12].map((at) => got("x", "v0", 9, [at, at + 1]));
    const verdict = verdictOf(run(put(9, "x", "v0"), put(10, "x", "v1"), create, stale), {
      only: ["C1", "C2"],
    });
    expect(verdict.clean).toBe(false);
    expect(verdict.results[0]?.counts).toMatchObject({ "stale read": 3 });
    const shown = formatViolation(
      verdict.violations.find(({ rule }) => rule === "stale read") ?? {
        checker: "C1",
        rule: "",
        what: "",
        lines: [],
      },
    );
    expect(shown).toContain("C1 stale read: get /registry/widgets/a/x by c10");
    expect(shown).toContain('"id":"get x 10,11"');
  });

  test("of a hundred thousand calls, half a million with KEELSON_LONG=1, looks at each of them", () => {
    const lines: HistoryLine[] = [];
    const total = process.env["KEELSON_LONG"] === "1" ? 500_000 : 100_000;
    const keys = 1_000;
    const state = new Map<number, { value: string; revision: number }>();
    // A third writes, each on the state before; the rest reads. Ten clients overlap.
    for (let i = 0; i < total; i++) {
      const k = (i * 7) % keys;
      const was = state.get(k);
      const at = [i * 10, i * 10 + 95] as const;
      const revision = i + 2;
      if (was === undefined || i % 3 === 0) {
        const value = `v${i}`;
        lines.push(put(revision, `k${k}`, value));
        const op = was === undefined ? "create" : "update";
        lines.push(call(op, `k${k}`, { at, value, guard: was?.revision ?? 0, revision }));
        state.set(k, { value, revision });
      } else lines.push(got(`k${k}`, was.value, was.revision, at));
    }
    const verdict = verdictOf(run(lines), { only: ["C1", "C2", "C7"], linearizability: { every: 10 } });
    expect(verdict.violations).toEqual([]);
    const { writes = 0, reads = 0 } = verdict.results[0]?.checked ?? {};
    expect(writes + reads).toBe(total);
  });
});
