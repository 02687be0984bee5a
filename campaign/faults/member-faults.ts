/** F1–F4, F11: members killed (SIGKILL, data kept) or paused (SIGSTOP: sockets stay open, nothing answers). */
import { type FaultContext, type FaultKind, followerOf, type Injected, leaderOf } from "./fault.ts";

/** Longer than an election and than most deadlines of clients, short enough for many in a run. */
const holdMs = [900, 2_200] as const;

export const memberFaults: readonly FaultKind[] = [
  {
    kind: "F1",
    name: "kill leader",
    domain: "members",
    holdMs,
    inject: async (c) => kill(c, [await leaderOf(c)]),
  },
  {
    kind: "F2",
    name: "kill follower",
    domain: "members",
    holdMs,
    inject: async (c) => kill(c, [await followerOf(c)]),
  },
  {
    kind: "F2",
    name: "kill all members",
    domain: "members",
    holdMs: [300, 900],
    inject: (c) =>
      kill(
        c,
        c.cluster.members.map((_, index) => index),
      ),
  },
  {
    kind: "F3",
    name: "pause leader",
    domain: "members",
    holdMs,
    inject: async (c) => pause(c, [await leaderOf(c)]),
  },
  {
    kind: "F4",
    name: "pause follower",
    domain: "members",
    holdMs,
    inject: async (c) => pause(c, [await followerOf(c)]),
  },
  {
    kind: "F11",
    name: "pause a majority",
    domain: "members",
    holdMs,
    inject: async (c) => {
      const spared = c.random.below(c.cluster.members.length);
      return pause(
        c,
        c.cluster.members.map((_, index) => index).filter((index) => index !== spared),
      );
    },
  },
];

async function kill({ cluster }: FaultContext, indexes: readonly number[]): Promise<Injected> {
  const members = indexes.map((index) => cluster.member(index));
  await Promise.all(members.map((member) => member.kill()));
  return {
    target: members.map(({ name }) => name).join("+"),
    heal: async () => {
      await Promise.all(members.map((member) => member.restart()));
    },
  };
}

async function pause({ cluster }: FaultContext, indexes: readonly number[]): Promise<Injected> {
  const members = indexes.map((index) => cluster.member(index));
  await Promise.all(members.map((member) => member.pause()));
  return {
    target: members.map(({ name }) => name).join("+"),
    heal: async () => {
      for (const member of members) member.resume();
    },
  };
}
