import { describe, expect, test } from "vitest";
import { checkOutcomes } from "../../../../campaign/checkers/c7-outcomes.ts";
import type { HistoryLine } from "../../../../campaign/checkers/history.ts";
import { call, gone, put, rules, run } from "./made.ts";

const found = (...lines: readonly HistoryLine[]): readonly string[] => rules(checkOutcomes(run(lines)));

const create = call("create", "x", { at: [0, 1], value: "v1", guard: 0, revision: 10 });
const refused = (
  code: "CONFLICT" | "PRECONDITION_FAILED" | "UNAVAILABLE" | "DEADLINE",
  guard: number,
): HistoryLine => call("update", "x", { at: [2, 3], value: "v2", guard, code });
const log = [put(10, "x", "v1")];

describe("C7", () => {
  test("true answers are clean, and what became of the unknown ones is counted", () => {
    const landed = call("update", "x", { at: [2, 3], value: "v2", guard: 10, code: "OUTCOME_UNKNOWN" });
    const lost = call("update", "x", { at: [4, 5], value: "v3", guard: 11, code: "ABORTED" });
    const result = checkOutcomes(run(log, put(11, "x", "v2"), create, landed, lost));
    expect(result.violations).toEqual([]);
    expect(result.checked).toEqual({ ok: 1, unknown: 2, "unknown, applied": 1, "unknown, not applied": 1 });
  });

  test("a write reported applied that is not there, or there twice, is seen", () => {
    expect(found(create)).toEqual(["reported applied, is not"]);
    expect(found(...log, put(11, "x", "v1"), create)).toEqual(["applied twice"]);
  });

  test.each(["CONFLICT", "UNAVAILABLE", "DEADLINE"] as const)(
    "a write reported %s that is applied is seen",
    (code) => {
      expect(found(...log, put(11, "x", "v2"), create, refused(code, 10))).toEqual([
        "reported failed, is applied",
      ]);
    },
  );

  test("it is seen also when it lands long after, and as an attempt that was given up", () => {
    const later = call("update", "x", { at: [4, 5], value: "v3", guard: 10, revision: 11 });
    expect(
      found(...log, put(11, "x", "v3"), put(90, "x", "v2"), create, later, refused("DEADLINE", 10)),
    ).toEqual(["reported failed, is applied"]);
    const twice = call("guaranteedUpdate", "x", { at: [4, 5], value: "v3", earlier: ["v2"], revision: 12 });
    expect(found(...log, put(11, "x", "v2"), put(12, "x", "v3"), create, twice)).toEqual([
      "given up but applied",
    ]);
  });

  test("a deletion reported failed that took place is seen, unless another one can have done it", () => {
    const failed = call("delete", "x", { at: [2, 3], code: "NOT_FOUND" });
    const next = call("create", "x", { at: [4, 5], value: "v2", guard: 0, revision: 12 });
    const after = [put(10, "x", "v1"), gone(11, "x"), put(12, "x", "v2")];
    expect(found(...after, create, failed, next)).toEqual(["reported failed, is applied"]);
    const other = call("delete", "x", { at: [2, 3], revision: 11 });
    expect(found(...after, create, failed, other, next)).toEqual([]);
  });

  test("a reason that was not true at any moment of the call is seen", () => {
    const other = call("update", "x", { at: [4, 5], value: "v3", guard: 10, revision: 11 });
    const after = [...log, put(11, "x", "v3")];
    expect(found(...after, create, refused("CONFLICT", 10), other)).toEqual(["false reason"]);
    expect(found(...after, create, refused("CONFLICT", 9), other)).toEqual([]);
    expect(found(...after, create, refused("PRECONDITION_FAILED", 10), other)).toEqual(["false reason"]);
    const missing = call("update", "x", { at: [2, 3], value: "v2", code: "NOT_FOUND" });
    expect(found(...after, create, missing, other)).toEqual(["false reason"]);
    const exists = call("create", "y", { at: [2, 3], value: "w", code: "ALREADY_EXISTS" });
    expect(found(...after, create, exists, other)).toEqual(["false reason"]);
  });

  test("an unknown outcome names its write, and a process that vanished was killed", () => {
    const nameless = call("update", "x", { at: [2, 3], value: "v2", code: "OUTCOME_UNKNOWN", writeId: "" });
    expect(found(...log, create, nameless)).toEqual(["unknown without a name"]);
    const { returnNs: _, class: __, code: ___, revision: ____, ...asked } = create;
    const invoke = { ...asked, id: "lost", value: "v9", line: "invoke" } as const;
    expect(found(...log, create, invoke)).toEqual(["never returned"]);
    const kill = {
      line: "fault",
      id: "1",
      kind: "F5",
      name: "kill",
      target: "p",
      startNs: 1,
      endNs: 1,
    } as const;
    expect(found(...log, create, invoke, kill)).toEqual([]);
  });

  test("a rejection that is no StoreError is seen", () => {
    expect(found(...log, create, call("get", "x", { at: [2, 3], code: "FAULT" }))).toEqual([
      "untyped failure",
    ]);
  });
});
