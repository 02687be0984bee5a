/**
 * The same command lines through etcdctl 3.5.30 and through etcdctl-lite: stdout, exit code and what is told on
 * stderr must be the same, ids, times and sizes apart. recording.ts says where the real tool's answers come from.
 *
 * Two fresh etcds are the ground, one for each tool: the same lines in the same order leave the same revisions in
 * both, so that revisions are compared too and need no mask. Lines that only read run over the other's etcd as well.
 */
import { type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { replayLines } from "./command-lines.ts";
import { etcdctlVersion, Recording } from "./recording.ts";
import { masked, runLite, wordsOf } from "./run-line.ts";

const recording = await Recording.open(`replay-${etcdctlVersion}.json`);
/** What changes nothing, and so can be asked of the other's etcd too. */
const reads = /^(--user \S+ )?(get|watch|endpoint|member list|user list|role list|alarm list)/;

test("the replay has at least 150 command lines", () => {
  expect(replayLines.length).toBeGreaterThanOrEqual(150);
});

describe(`etcdctl-lite and etcdctl ${etcdctlVersion}, ${recording.how}`, () => {
  let forReal: LocalEtcd;

  const lab = processForAll({ binary: recording.etcd.path });
  beforeAll(async () => {
    forReal =
      recording.etcdctl === undefined ? lab.local : await startLocalEtcd({ binary: recording.etcd.path });
  });
  afterAll(async () => {
    await recording.close();
    if (forReal !== lab.local) await forReal?.stop();
  });

  const numbered = replayLines.map((entry, at) => ({ ...entry, number: at + 1 }));
  test.for(numbered)("$number: $line", async ({ number, ...entry }, { skip }) => {
    const why = recording.whyNot(entry);
    if (why !== undefined) skip(why);
    const over = ({ endpoints }: LocalEtcd): readonly string[] => [
      `--endpoints=${endpoints.join(",")}`,
      ...wordsOf(entry.line),
    ];
    const expected = await recording.expected(number - 1, entry, over(forReal));
    expect(await runLite(over(lab.local), entry)).toEqual(expected);
    if (forReal !== lab.local && reads.test(entry.line)) {
      expect(await runLite(over(forReal), entry)).toEqual(expected);
    }
  });
});

test("masks take ids, times, sizes and ports, and nothing else", () => {
  expect(masked("lease 2f93a1fbc2a0e73f granted with TTL(100s)")).toBe("lease <id> granted with TTL(100s)");
  expect(masked("key 12345 took = 4.1ms, 53 kB")).toBe("key 12345 took = <took>, <size>");
});
