/** What the doctor says when too few members answer: how many there are, which are down, and what to do. */
import type { Member, MemberStatus } from "keelson/etcd";
import { expect, test } from "vitest";
import {
  isMinority,
  quorumFindings,
  unstartedFindings,
} from "../../../tools/etcdctl-lite/commands/doctor/member-checks.ts";

const member = (id: bigint): Member => ({
  id,
  name: `m${id}`,
  peerUrls: [],
  clientUrls: [`http://m${id}:2379`],
  isLearner: false,
});
const status = (memberId: bigint, leader: bigint): MemberStatus => ({
  header: { clusterId: 1n, memberId, revision: 1n, raftTerm: 1n },
  endpoint: `http://m${memberId}:2379`,
  version: "3.5.30",
  databaseBytes: 0n,
  databaseBytesInUse: 0n,
  leader,
  raftIndex: 1n,
  raftTerm: 1n,
  raftAppliedIndex: 1n,
  errors: [],
  isLearner: false,
});
const members = [member(1n), member(2n), member(3n)];

test("a member that knows a leader has a quorum behind it", () => {
  expect(quorumFindings(members, [status(1n, 2n), status(2n, 2n)])).toEqual([]);
});

test("one of three: who is down, how many are needed, and the way out", () => {
  const [lost] = quorumFindings(members, [status(2n, 0n)]);
  expect(lost).toMatchObject({ level: "error", check: "quorum", where: "cluster" });
  expect(lost?.what).toBe(
    "has lost its quorum: 1 of 3 voting members answer, 2 are needed; down: m1 (http://m1:2379), m3 (http://m3:2379)",
  );
  expect(lost?.advice).toContain("snapshot save");
});

test("enough members that do not reach each other: their peer URLs are the matter", () => {
  expect(quorumFindings(members, [status(1n, 0n), status(2n, 0n)])[0]?.advice).toContain("peer URLs");
});

test("one of three is a minority whatever it claims, and so not taken at its word; two are none", () => {
  expect(isMinority(members, [status(1n, 1n)])).toBe(true);
  expect(isMinority(members, [status(1n, 1n), status(2n, 1n)])).toBe(false);
  // A learner has no vote.
  expect(isMinority(members, [status(1n, 1n), { ...status(2n, 1n), isLearner: true }])).toBe(true);
});

test("a member that never started counts for the majority, a learner does not", () => {
  const absent = { ...member(4n), clientUrls: [] };
  const [voter, learner] = unstartedFindings([absent, { ...absent, isLearner: true }, ...members]);
  expect(voter?.advice).toContain("counts for the majority");
  expect(learner).toMatchObject({
    what: expect.stringContaining("as a learner"),
    advice: expect.stringContaining("no vote"),
  });
});
