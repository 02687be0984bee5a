/** Which faults have an episode, and what a run says of those that did not come to pass. */
import { expect, test } from "vitest";
import { type EpisodesReport, plays } from "../../../../campaign/episodes/episodes.ts";
import { complaintsOf, violationsOf } from "../../../../campaign/report/summary.ts";

const episode = {
  kind: "F12",
  name: "quota alarm",
  play: "a full database",
  times: 2,
  bitten: 0,
  what: "-",
} as const;
const play = {
  play: "a full database",
  seconds: 1,
  operations: 1,
  unknown: 0,
  violations: [],
  complaints: [],
};

const reportOf = (outcome: "bit" | "did not bite" | "skipped" | "failed"): EpisodesReport => ({
  episodes: [{ ...episode, outcome }],
  plays: [play],
});

test("faults that want a cluster of their own have one episode each", () => {
  const kinds = plays.flatMap(({ episodes }) => episodes.map(({ kind }) => kind));
  const wanted = "F12 F13 F14 F20 F21 F22 F23 F26 F28 F29 F31 F32 F33";
  expect([...kinds].sort().join(" ")).toBe(wanted);
  expect(new Set(plays.map(({ name }) => name)).size).toBe(plays.length);
});

test("an episode that never bit, and one that fell over, void a run; one that cannot be played does not", () => {
  expect(complaintsOf(reportOf("did not bite"))).toHaveLength(1);
  expect(complaintsOf(reportOf("failed"))).toHaveLength(1);
  expect(complaintsOf(reportOf("skipped"))).toEqual([]);
  expect(complaintsOf(reportOf("bit"))).toEqual([]);
});

test("what a play found broken is a violation of the run, and what made it none voids the run", () => {
  const report = { ...reportOf("bit"), plays: [{ ...play, violations: ["a", "b"], complaints: ["late"] }] };
  expect(violationsOf(report)).toEqual(["a full database: a", "a full database: b"]);
  expect(complaintsOf(report)).toEqual(["a full database: late"]);
});
