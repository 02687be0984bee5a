/** What the doctor makes of facts, without an etcd: bounds, levels, and that every finding says what to do. */
import type { MemberStatus, Probe } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { revisionFindings } from "../../../../../tools/etcdctl-lite/commands/doctor/agreement.ts";
import { expiryFindings } from "../../../../../tools/etcdctl-lite/commands/doctor/certificates.ts";
import { type Finding, worstFirst } from "../../../../../tools/etcdctl-lite/commands/doctor/finding.ts";
import { historyFindings } from "../../../../../tools/etcdctl-lite/commands/doctor/history.ts";
import {
  memberFindings,
  unstartedFindings,
} from "../../../../../tools/etcdctl-lite/commands/doctor/member-checks.ts";

const gib = 1024n ** 3n;

function status(changes: Partial<MemberStatus> = {}): MemberStatus {
  return {
    header: { clusterId: 1n, memberId: 1n, revision: 100n, raftTerm: 2n },
    endpoint: "http://m1:2379",
    version: "3.5.33",
    databaseBytes: gib,
    databaseBytesInUse: gib,
    leader: 1n,
    raftIndex: 1_000n,
    raftTerm: 2n,
    raftAppliedIndex: 1_000n,
    errors: [],
    isLearner: false,
    ...changes,
  };
}

const judged = (...changes: readonly Partial<MemberStatus>[]): readonly Finding[] =>
  memberFindings(changes.map((change) => ({ status: status(change), quotaBytes: 2n * gib })));
const told = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ level, check }) => `${level} ${check}`);

describe("members", () => {
  test("a sound member has no findings", () => {
    expect(judged({})).toEqual([]);
  });

  test.each<[string, Partial<MemberStatus>, string]>([
    ["a version that loses data", { version: "3.5.2" }, "error version"],
    ["a version with known faults", { version: "3.5.16" }, "warning version"],
    ["no leader", { leader: 0n }, "error leader"],
    [
      "81 % of its quota",
      { databaseBytes: (2n * gib * 81n) / 100n, databaseBytesInUse: 2n * gib },
      "warning size",
    ],
    [
      "96 % of its quota",
      { databaseBytes: (2n * gib * 96n) / 100n, databaseBytesInUse: 2n * gib },
      "error size",
    ],
    ["a file that is mostly empty", { databaseBytesInUse: gib / 4n }, "warning fragmentation"],
    [
      "a downgrade that is enabled",
      { downgrade: { enabled: true, targetVersion: "3.5.0" } },
      "warning downgrade",
    ],
    ["much still to apply", { raftAppliedIndex: 1_000n, raftIndex: 9_000n }, "error raft"],
    ["a learner", { isLearner: true }, "warning members"],
    ["an error of its own", { errors: ["etcdserver: no leader"] }, "error status"],
  ])("%s is a finding with advice", (_name, change, expected) => {
    const findings = judged(change);
    expect(told(findings)).toEqual([expected]);
    expect(findings[0]?.advice).not.toBe("");
    expect(findings[0]?.where).toBe("http://m1:2379");
  });

  test("a small file may be empty, and an alarm is told elsewhere", () => {
    expect(judged({ databaseBytes: 1_000_000n, databaseBytesInUse: 1_000n })).toEqual([]);
    expect(judged({ errors: ["memberID:1 alarm:NOSPACE "] })).toEqual([]);
  });

  test("known faults are named once a version, with the version to go to", () => {
    const [first, ...rest] = judged({ version: "3.5.16" }, { version: "3.5.16", endpoint: "http://m2:2379" });
    expect(rest).toEqual([]);
    expect(first?.where).toBe("http://m1:2379, http://m2:2379");
    expect(first?.what).toContain("CVE-2026-33343");
    expect(first?.advice).toContain("3.5.33");
  });

  test("a line that gets no more fixes is named, with the way on", () => {
    const [ended] = judged({ version: "3.4.45" });
    expect(ended).toMatchObject({ level: "warning", check: "version" });
    expect(ended?.what).toContain("line 3.4 has had no fixes since 2026-06-01");
    expect(ended?.advice).toContain("to 3.5");
  });

  test("a member that says it is not ready says why; a learner, and one without a leader, are told once", () => {
    const failing = (name: string): Probe => ({ ok: false, checks: [{ name, ok: false, reason: "why" }] });
    const look = (ready: Probe | undefined, change: Partial<MemberStatus> = {}): readonly Finding[] =>
      memberFindings([{ status: status(change), quotaBytes: 2n * gib, ready }]);
    expect(look({ ok: true, checks: [] })).toEqual([]);
    expect(look(undefined)).toEqual([]);
    const [corrupt] = look(failing("data_corruption"));
    expect(corrupt).toMatchObject({ level: "error", check: "ready", where: "http://m1:2379" });
    expect(corrupt?.what).toContain("data_corruption (why)");
    expect(told(look(failing("non_learner"), { isLearner: true }))).toEqual(["warning members"]);
    expect(told(look(failing("linearizable_read"), { leader: 0n }))).toEqual(["error leader"]);
  });

  test("members of two versions, with two leaders, one of them far behind", () => {
    const other = { endpoint: "http://m2:2379", version: "3.6.14", leader: 2n, raftIndex: 90_000n };
    const findings = judged({}, { ...other, raftAppliedIndex: 90_000n });
    expect(told(findings)).toEqual(["warning version", "warning leader", "error raft"]);
    expect(findings[2]?.what).toContain("89000 entries behind");
  });

  test("a member that never started is told by its id", () => {
    const member = { id: 0xabcn, name: "", peerUrls: ["http://m3:2380"], clientUrls: [], isLearner: false };
    expect(unstartedFindings([member])).toMatchObject([{ level: "warning", where: "member abc" }]);
  });
});

describe("agreement", () => {
  const at = (revision: bigint, clusterId = 1n): MemberStatus =>
    status({ header: { clusterId, memberId: 1n, revision, raftTerm: 2n } });

  test("some revisions apart are a busy cluster, many are a member left behind", () => {
    expect(revisionFindings([at(100n), at(9_000n)])).toEqual([]);
    expect(told(revisionFindings([at(100n), at(90_000n)]))).toEqual(["warning agreement"]);
  });

  test("endpoints of different clusters are an error", () => {
    expect(told(revisionFindings([at(1n), at(1n, 2n)]))).toEqual(["error agreement"]);
  });
});

describe("certificates", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const until = (validTo: string): readonly string[] =>
    told(
      expiryFindings(
        "https://m1:2379",
        "the server's certificate",
        { validFrom: "Jan  1 00:00:00 2026 GMT", validTo, subject: "CN=m1" },
        now,
      ),
    );

  test("the fewer days, the worse", () => {
    expect(until("Dec 31 00:00:00 2026 GMT")).toEqual([]);
    expect(until("Jun 20 00:00:00 2026 GMT")).toEqual(["warning certificate"]);
    expect(until("Jun  3 00:00:00 2026 GMT")).toEqual(["error certificate"]);
    expect(until("May 31 00:00:00 2026 GMT")).toEqual(["error certificate"]);
  });

  test("one that is not valid yet points at the clocks", () => {
    const certificate = {
      validFrom: "Jul  1 00:00:00 2026 GMT",
      validTo: "Jul  1 00:00:00 2027 GMT",
      subject: "CN=m1",
    };
    expect(expiryFindings("x", "the server's certificate", certificate, now)).toMatchObject([
      { level: "error", advice: "check the clocks" },
    ]);
  });
});

describe("history", () => {
  test("is long when nobody compacts, and when the clock stands still", () => {
    expect(historyFindings({ revision: 400_000n, compacted: 0n, clock: undefined })).toEqual([]);
    const [never] = historyFindings({ revision: 900_000n, compacted: 0n, clock: undefined });
    expect(never?.what).toContain("no compactor takes turns at it");
    const clock = { modRevision: 200_000n, version: 7n };
    const [stopped] = historyFindings({ revision: 900_000n, compacted: 150_000n, clock });
    expect(stopped?.what).toContain("last written 700000 revisions ago, in turn 7");
    expect(historyFindings({ revision: 900_000n, compacted: 800_000n, clock })).toEqual([]);
  });
});

test("errors come before warnings, and notes last", () => {
  const finding = (level: Finding["level"]): Finding => ({
    level,
    check: "x",
    where: "x",
    what: "x",
    advice: "x",
  });
  const sorted = worstFirst([finding("note"), finding("warning"), finding("error"), finding("warning")]);
  expect(sorted.map(({ level }) => level)).toEqual(["error", "warning", "warning", "note"]);
});
