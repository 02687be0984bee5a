import { describe, expect, test } from "vitest";
import type { CacheSample, CallRecord, HistoryLine } from "../../../../campaign/checkers/history.ts";
import { RunHistory } from "../../../../campaign/checkers/run-history.ts";
import { cacheLagMs, recoveryTable, writeGapMs } from "../../../../campaign/report/recovery.ts";

let ids = 0;
function call(facts: Partial<CallRecord> & { readonly from: number; readonly to: number }): CallRecord {
  const { from, to, ...rest } = facts;
  return {
    line: "call",
    id: `${++ids}`,
    process: "kube-0.0",
    client: "kube-0.0/wide-0",
    op: "update",
    via: "store",
    key: "/registry/widgets/a/x",
    callNs: from * 1e6,
    returnNs: to * 1e6,
    code: "OK",
    class: "ok",
    ...rest,
  };
}
function fault(fromMs: number, toMs: number): HistoryLine {
  const id = `f${++ids}`;
  return { line: "fault", id, kind: "F1", name: "n", target: "m0", startNs: fromMs * 1e6, endNs: toMs * 1e6 };
}
const rows = (...lines: readonly HistoryLine[]) => recoveryTable(new RunHistory(lines));

describe("recovery", () => {
  const before = call({ from: 0, to: 1 });

  test("is the time from the heal to the first answer to a call begun after it", () => {
    const under = call({ from: 50, to: 150 });
    const failed = call({ from: 160, to: 200, code: "DEADLINE", class: "definite" });
    const answered = call({ from: 210, to: 240, code: "CONFLICT", class: "definite" });
    const [row] = rows(before, fault(10, 100), under, failed, answered);
    expect(row).toMatchObject({ clients: "kube wide", count: 1, p50Ms: 140, worstMs: 140, interrupted: 0 });
  });

  test("of overlapping faults begins when the last is over; a fault before the answer interrupts it", () => {
    const lines = [before, fault(10, 100), fault(50, 300), call({ from: 310, to: 320 })];
    expect(rows(...lines)).toMatchObject([{ count: 1, worstMs: 20 }]);
    expect(rows(...lines, fault(315, 400), call({ from: 410, to: 450 }))).toMatchObject([
      { count: 1, worstMs: 50, interrupted: 1 },
    ]);
  });

  test("counts each client for itself, and none that had ended", () => {
    const other = { client: "cache-1.0/reader-2", op: "get" } as const;
    const table = rows(
      before,
      call({ from: 1, to: 2, ...other }),
      fault(10, 100),
      call({ from: 105, to: 107, ...other }),
    );
    expect(table).toMatchObject([
      { clients: "kube wide", count: 0 },
      { clients: "cache reader", count: 1, worstMs: 7 },
    ]);
  });

  test("the write gap and a cache's lag are measured on acknowledged writes", () => {
    const sample: CacheSample = {
      line: "cache",
      cache: "cache-0.0",
      revision: 5n,
      filter: {},
      count: 0,
      digest: "",
      atNs: 900e6,
    };
    const run = new RunHistory([
      call({ from: 0, to: 10, revision: 5n }),
      call({ from: 20, to: 400, revision: 6n }),
      call({ from: 500, to: 700, code: "DEADLINE", class: "definite" }),
      call({ from: 800, to: 1_000, revision: 7n }),
      sample,
    ]);
    expect(writeGapMs(run)).toBe(600);
    expect(cacheLagMs(run)).toBe(500);
  });
});
