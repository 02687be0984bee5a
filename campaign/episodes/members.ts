/**
 * F29, F26: bits flipped in one member's log and database while it was down, and that member replaced by a learner.
 *
 * A flipped bit of the log shows at the start, by its checksum, and so does one of the database's meta pages. One in a value of
 * the database shows nowhere: no page has a checksum, and that is etcd's to say.
 */
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { directUrl } from "../cluster/campaign-cluster.ts";
import { Relic } from "../traffic/kinds.ts";
import { type Act, broken, codeOf, type Play, type Scene, until } from "./episode.ts";

const flips = { kind: "F29", name: "bit flips in a member's log and database" } as const;
const replaced = { kind: "F26", name: "member replaced through a learner" } as const;

const timeoutMs = 20_000;
const restartTimeoutMs = 30_000;
/** Traffic while a member is away, and while it is a learner. */
const holdMs = 1_500;

export const members: Play = {
  name: "damaged and replaced members",
  episodes: [flips, replaced],
  prepare: async () => ({ cluster: {} }),
  forgiven: (text) =>
    /crc mismatch|checkInitialHashKV|hash|failed to (?:read|open) WAL|data.inconsisten|corrupt|panic|page \d+|goroutine|removed from the cluster/i.test(
      text,
    ),
  async act(scene) {
    const { cluster } = scene.stage;
    const leader = (await cluster.leader()) ?? 0;
    const victim = (leader + 1) % cluster.members.length;
    await scene.episode(flips, `m${victim}`, () => flip(scene, victim));
    await scene.episode(replaced, `m${victim}`, () => replace(scene, victim));
  },
};

async function flip(scene: Scene, victim: number): Promise<Act> {
  const { cluster, store } = scene.stage;
  const member = cluster.member(victim);
  const { at } = await scene.relic();
  await member.kill();
  const walFlipped = await flipInLog(join(member.dataDir, "member", "wal"));
  const log = await startFails(() => member.restart({ timeoutMs: restartTimeoutMs }));
  await member.kill();
  await walFlipped.undo();
  await member.restart({ timeoutMs: restartTimeoutMs });
  await cluster.healthy();
  await member.kill();
  await flipMetaPages(join(member.dataDir, "member", "snap", "db"));
  const database = await startFails(() => member.restart({ timeoutMs: restartTimeoutMs }));
  await member.kill();
  const health = await store.health({ timeoutMs });
  const read = await codeOf(store.resources(Relic).get(at, { timeoutMs }));
  const created = await codeOf(scene.relic());
  const bit = log !== undefined && database !== undefined;
  return {
    bite: bit ? `a flipped log was refused ("${log}"), a flipped database too ("${database}")` : undefined,
    broken: broken(
      [!health.ok && health.problems.length > 0, "health() says nothing of a member that does not start"],
      [read === "OK", `beside the damaged member a read got ${read}`],
      [created === "OK", `beside the damaged member a create got ${created}`],
    ),
  };
}

/** Why the start failed; undefined if it succeeded. */
async function startFails(start: () => Promise<void>): Promise<string | undefined> {
  try {
    await start();
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const [said] =
      /crc mismatch|invalid database|invalid checksum|corrupt\w*/i.exec(text) ??
      /exit code \d+/.exec(text) ??
      [];
    return said ?? text.slice(0, 120);
  }
}

/** One byte in the middle of what has been written of the newest segment. */
async function flipInLog(folder: string): Promise<{ undo(): Promise<void> }> {
  const segments = (await readdir(folder)).filter((name) => name.endsWith(".wal")).sort();
  const path = join(folder, segments.at(-1) ?? "");
  const bytes = await readFile(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const at = end >> 1;
  await xor(path, [at]);
  return { undo: () => xor(path, [at]) };
}

/** Both meta pages: with one of them whole the database opens at the commit before. */
async function flipMetaPages(path: string): Promise<void> {
  const txidAt = 66;
  const pageBytes = 4096;
  await xor(path, [txidAt, pageBytes + txidAt]);
}

async function xor(path: string, places: readonly number[]): Promise<void> {
  const file = await open(path, "r+");
  try {
    for (const at of places) {
      const byte = new Uint8Array(1);
      await file.read(byte, 0, 1, at);
      await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function replace(scene: Scene, victim: number): Promise<Act> {
  const { cluster } = scene.stage;
  const control = scene.etcd;
  const oldId = cluster.idOf(victim);
  let wasLearner = false;
  await cluster.replace(victim, async (id) => {
    const endpoint = directUrl(cluster.member(victim));
    await until("the learner says that it is one", async () => {
      const status = await control.maintenance.status({ endpoint, timeoutMs }).catch(() => undefined);
      wasLearner = status?.isLearner === true && status.header.memberId === id;
      return wasLearner;
    });
    await delay(holdMs);
  });
  await cluster.healthy();
  const { members: now } = await control.cluster.members({ timeoutMs });
  const newId = cluster.idOf(victim);
  const made = await codeOf(scene.relic());
  return {
    bite:
      wasLearner && newId !== oldId
        ? `member ${oldId.toString(16)} was replaced by ${newId.toString(16)}, a learner first`
        : undefined,
    broken: broken(
      [now.length === cluster.members.length, `there are ${now.length} members after the replacement`],
      [now.every(({ isLearner }) => !isLearner), "a learner is left after the promotion"],
      [made === "OK", `after the replacement a create got ${made}`],
    ),
  };
}
