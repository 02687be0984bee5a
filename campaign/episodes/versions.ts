/**
 * F28: members of two versions side by side, one upgraded after the other under traffic. A client may use only features
 * of the lowest version.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connectEtcd } from "keelson/etcd";
import { type EtcdBinary, findEveryEtcd } from "../../src/etcd/local/find-etcd.ts";
import { compareVersions } from "../../src/etcd/versions/version.ts";
import { broken, codeOf, type Play } from "./episode.ts";

const mixed = { kind: "F28", name: "mixed versions, a rolling upgrade" } as const;

const timeoutMs = 20_000;
/** Traffic on each mixture of versions. */
const holdMs = 2_500;

/** The lowest and highest version present: one minor version apart, as etcd requires. */
async function twoVersions(): Promise<{ readonly old: EtcdBinary; readonly fresh: EtcdBinary } | undefined> {
  const present = [...(await findEveryEtcd())].sort((a, b) => compareVersions(a.version, b.version));
  const [old] = present;
  const fresh = present.at(-1);
  if (old === undefined || fresh === undefined || old.version === fresh.version) return undefined;
  return { old, fresh };
}

export const versions: Play = {
  name: "two versions",
  episodes: [mixed],
  prepare: async () => {
    const pair = await twoVersions();
    if (pair === undefined)
      return { lacks: "there are no two versions of etcd on this machine (npm run setup -- --etcd 3.4)" };
    return { cluster: { binaries: Array.from({ length: 3 }, () => pair.old.path) } };
  },
  act: (scene) =>
    scene.episode(mixed, "each member in turn", async () => {
      const { cluster } = scene.stage;
      const pair = await twoVersions();
      if (pair === undefined) return { bite: undefined };
      const seen = new Set<string>();
      const wrong: string[] = [];
      for (const index of cluster.members.keys()) {
        await cluster.member(index).kill();
        await cluster.startAs(index, { binary: pair.fresh.path });
        await cluster.healthy();
        await delay(holdMs);
        await using etcd = await connectEtcd({ endpoints: cluster.directEndpoints });
        const present: string[] = [];
        for (const endpoint of cluster.directEndpoints) {
          const { version } = await etcd.maintenance.status({ endpoint, timeoutMs });
          present.push(version);
        }
        seen.add(present.join());
        const lowest = await etcd.serverVersion({ timeoutMs });
        const expected = [...present].sort(compareVersions)[0] ?? "";
        const made = await codeOf(scene.relic());
        wrong.push(
          ...broken(
            [lowest === expected, `beside members of ${present.join()} the client goes by ${lowest}`],
            [made === "OK", `with members of ${present.join()} a create got ${made}`],
          ),
        );
      }
      const sideBySide = [...seen].filter((present) => new Set(present.split(",")).size > 1);
      return {
        bite: sideBySide.length > 0 ? `members of ${sideBySide.join(" and ")}` : undefined,
        broken: wrong,
      };
    }),
};
