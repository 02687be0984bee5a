/**
 * What an operator of etcd 3.6 types, through etcdctl and etcdutl 3.6.14 and through etcdctl-lite. recording.ts says where the
 * real tools' answers come from. Over an etcd before 3.6 the lines are left out whose answer is the server's.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { lines36 } from "./lines-3.6.ts";
import { etcdctl36Version, Recording } from "./recording.ts";
import { masked, runLite, wordsOf } from "./run-line.ts";

const recording = await Recording.open(`replay-${etcdctl36Version}.json`, etcdctl36Version);

test("the replay has at least 40 command lines", () => {
  expect(lines36.length).toBeGreaterThanOrEqual(40);
});

describe(`etcdctl-lite and etcdctl ${etcdctl36Version}, ${recording.how}, over etcd ${recording.etcd.version}`, () => {
  let forReal: LocalEtcd;

  const lab = processForAll({ binary: recording.etcd.path });
  const dir = folderForAll();

  beforeAll(async () => {
    for (const tool of ["real", "lite"]) await mkdir(join(dir.path, tool));
    forReal =
      recording.etcdctl === undefined ? lab.local : await startLocalEtcd({ binary: recording.etcd.path });
  });
  afterAll(async () => {
    await recording.close();
    if (forReal !== lab.local) await forReal?.stop();
  });

  test.for(lines36.map((entry, at) => ({ ...entry, number: at + 1 })))(
    "$number: $line",
    async ({ number, ...entry }, { skip }) => {
      const why = recording.whyNot(entry);
      if (why !== undefined) skip(why);
      const over = ({ endpoints }: LocalEtcd, folder: string): readonly string[] => [
        ...(entry.tool === "etcdutl" ? [] : [`--endpoints=${endpoints.join(",")}`]),
        ...wordsOf(entry.line).map((word) => word.replace("DIR", join(dir.path, folder))),
      ];
      const expected = await recording.expected(number - 1, entry, over(forReal, "real"));
      expect(await runLite(over(lab.local, "lite"), entry)).toEqual(expected);
    },
  );
});

test("masks of 3.6's forms take sizes, hashes and positions in the log, and nothing else", () => {
  expect(masked("http://127.0.0.1:1234, 3347902763, 34")).toBe("http://127.0.0.1:<port>, <hash>, 34");
  expect(masked("| http://127.0.0.1:1 |  99 |     34 |")).toBe("| http://127.0.0.1:<port> | <hash> | 34 |");
  expect(masked("| true |  2 | 66 | 65 |  | 3.5.0 | true |")).toBe(
    "| true | 2 | <n> | <n> | | 3.5.0 | true |",
  );
});
