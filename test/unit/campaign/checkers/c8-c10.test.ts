import { describe, expect, test } from "vitest";
import { checkLiveness, recoveriesOf } from "../../../../campaign/checkers/c8-liveness.ts";
import { checkServers } from "../../../../campaign/checkers/c9-servers.ts";
import { checkResources } from "../../../../campaign/checkers/c10-resources.ts";
import type {
  FaultRecord,
  HistoryLine,
  MemberLogRecord,
  MemberRecord,
  ResourceSample,
} from "../../../../campaign/checkers/history.ts";
import { call, rules, run } from "./made.ts";

const ms = (count: number): number => count * 1e6;
const fault = (from: number, to: number): FaultRecord => ({
  line: "fault",
  id: `${from}`,
  kind: "F1",
  name: "kill leader",
  target: "m0",
  startNs: ms(from),
  endNs: ms(to),
});
const write = (from: number, to: number, code: "OK" | "UNAVAILABLE" = "OK"): HistoryLine =>
  call("update", "x", { at: [ms(from), ms(to)], value: `v${from}`, revision: from, code });

describe("C8", () => {
  const found = (...lines: readonly HistoryLine[]): readonly string[] => rules(checkLiveness(run(lines)));

  test("recovery is from the heal to the first answer of a write begun after it", () => {
    const history = run(fault(100, 200), write(150, 900), write(210, 1_000), write(220, 700));
    expect(recoveriesOf(history).map(({ ms: took }) => took)).toEqual([500]);
    expect(checkLiveness(history).violations).toEqual([]);
  });

  test("a fault that another one overlaps counts from the end of both", () => {
    expect(
      recoveriesOf(run(fault(100, 200), fault(150, 400), write(210, 220), write(410, 450))).map(
        ({ ms: took }) => took,
      ),
    ).toEqual([50, 50]);
  });

  test("a recovery beyond the bound, or none at all, is seen", () => {
    expect(found(fault(100, 200), write(210, 15_300))).toEqual(["slow recovery"]);
    expect(found(fault(100, 200), write(110, 300))).toEqual(["slow recovery"]);
  });

  test("a call that fails for want of etcd after heal and bound is seen, one within the bound is not", () => {
    expect(found(fault(100, 200), write(210, 220), write(9_000, 9_100, "UNAVAILABLE"))).toEqual([]);
    expect(found(fault(100, 200), write(210, 220), write(15_201, 15_300, "UNAVAILABLE"))).toEqual([
      "not healed",
    ]);
  });

  test("what a closed process leaves open is seen", () => {
    const left = (timers: number): ResourceSample => ({
      line: "resources",
      process: "p",
      atNs: 1,
      timers,
      final: true,
    });
    expect(found(left(0))).toEqual([]);
    expect(found(left(1))).toEqual(["left open"]);
  });
});

describe("C9", () => {
  const log = (member: string, digest: string): MemberLogRecord => ({
    line: "member-log",
    member,
    from: 1n,
    to: 90n,
    events: 100,
    digest,
  });
  const member = (name: string, facts: Partial<MemberRecord> = {}): MemberRecord => ({
    line: "member",
    member: name,
    version: "3.5.30",
    revision: 90n,
    hash: 1,
    compactRevision: 50n,
    alarms: [],
    ...facts,
  });
  const found = (...lines: readonly HistoryLine[]): readonly string[] => rules(checkServers(run(lines)));

  test("members of one log and one hash are clean", () => {
    const text = '{"level":"warn","msg":"lost leader"}';
    expect(
      found(log("m0", "a"), log("m1", "a"), member("m0"), member("m1", { alarms: ["NOSPACE"] }), {
        line: "server-log",
        member: "m0",
        text,
      }),
    ).toEqual([]);
  });

  test("other logs, other hashes, other compactions and the alarm CORRUPT are seen", () => {
    expect(found(log("m0", "a"), log("m1", "b"))).toEqual(["logs differ"]);
    expect(found(member("m0"), member("m1", { hash: 2 }))).toEqual(["hashes differ"]);
    expect(found(member("m0"), member("m1", { compactRevision: 51n }))).toEqual(["hashes differ"]);
    expect(found(member("m0", { alarms: ["CORRUPT"] }))).toEqual(["corrupt"]);
  });

  test("a panic, a fatal end and inconsistent data in a log are seen, unless a fault explains the line", () => {
    for (const text of [
      "panic: runtime error: index out of range",
      '{"level":"fatal","msg":"failed to save"}',
      '{"level":"warn","msg":"found data inconsistency with peers"}',
    ]) {
      const line = { line: "server-log", member: "m0", text } as const;
      expect(found(line)).toEqual(["alarming log"]);
      expect(rules(checkServers(run(line), { forgiven: () => true }))).toEqual([]);
    }
  });
});

describe("C10", () => {
  const sample: ResourceSample = { line: "resources", process: "p", atNs: 1, rssBytes: 100, openStreams: 3 };

  test("a process under its caps is clean, one above is seen, what has no cap is not looked at", () => {
    expect(rules(checkResources(run(sample), { rssBytes: 100, openStreams: 3, sockets: 1 }))).toEqual([]);
    expect(rules(checkResources(run(sample), { rssBytes: 99 }))).toEqual(["rssBytes above its cap"]);
    expect(checkResources(run(sample), { openStreams: 3 }).checked).toEqual({ samples: 1, openStreams: 1 });
  });
});
