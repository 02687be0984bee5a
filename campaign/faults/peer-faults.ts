/** F6, F7: members cut off from each other, wholly, in one direction, or by resets; clients still reach all of them. */
import { type FaultContext, type FaultKind, followerOf, type Injected, leaderOf, pick } from "./fault.ts";

const holdMs = [900, 2_500] as const;

export const peerFaults: readonly FaultKind[] = [
  {
    kind: "F6",
    name: "partition leader",
    domain: "peers",
    holdMs,
    inject: async (c) => isolate(c, await leaderOf(c)),
  },
  {
    kind: "F6",
    name: "partition follower",
    domain: "peers",
    holdMs,
    inject: async (c) => isolate(c, await followerOf(c)),
  },
  {
    kind: "F7",
    name: "one-way loss from the leader",
    domain: "peers",
    holdMs,
    inject: async (c) => cutLinks(c, [[await leaderOf(c), await followerOf(c)]]),
  },
  {
    kind: "F7",
    name: "one-way loss to the leader",
    domain: "peers",
    holdMs,
    inject: async (c) => {
      const leader = await leaderOf(c);
      return cutLinks(
        c,
        others(c, leader).map((other) => [other, leader] as const),
      );
    },
  },
  {
    kind: "F30",
    name: "swizzle: links cut one by one, healed in another order",
    domain: "peers",
    holdMs,
    inject: swizzle,
  },
  {
    kind: "F9",
    name: "reset storm between members",
    domain: "peers",
    holdMs: [300, 900],
    inject: async ({ cluster, random, sleep }) => {
      const index = random.below(cluster.members.length);
      for (let i = 0; i < 4; i++) {
        cluster.peers.reset(index);
        await sleep(60);
      }
      return { target: cluster.member(index).name, heal: async () => {} };
    },
  },
];

function others({ cluster }: FaultContext, index: number): readonly number[] {
  return cluster.members.map((_, other) => other).filter((other) => other !== index);
}

function isolate(context: FaultContext, index: number): Injected {
  return cutLinks(
    context,
    others(context, index).flatMap((other) => [[index, other] as const, [other, index] as const]),
  );
}

function cutLinks({ cluster }: FaultContext, links: readonly (readonly [number, number])[]): Injected {
  for (const [from, to] of links) cluster.peers.cut(from, to);
  return {
    target: links.map(([from, to]) => `m${from}>m${to}`).join(" "),
    heal: async () => {
      for (const [from, to] of links) cluster.peers.heal(from, to);
    },
  };
}

async function swizzle(context: FaultContext): Promise<Injected> {
  const { cluster, random, sleep } = context;
  const victim = random.below(cluster.members.length);
  const links = others(context, victim).flatMap((other) => [
    [victim, other] as const,
    [other, victim] as const,
  ]);
  const inOrder = (): (readonly [number, number])[] => {
    const left = [...links];
    return links.map(() => {
      const next = pick(random, left);
      left.splice(left.indexOf(next), 1);
      return next;
    });
  };
  for (const [from, to] of inOrder()) {
    cluster.peers.cut(from, to);
    await sleep(150);
  }
  return {
    target: cluster.member(victim).name,
    heal: async () => {
      for (const [from, to] of inOrder()) {
        cluster.peers.heal(from, to);
        await sleep(150);
      }
    },
  };
}
