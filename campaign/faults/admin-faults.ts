/** F15–F18: what operators and other API servers do to a busy etcd: compaction, defragmentation, moving the leader. */
import { directUrl } from "../cluster/campaign-cluster.ts";
import { draftOf, Relic } from "../traffic/kinds.ts";
import { type FaultContext, type FaultKind, type Injected, leaderOf, pick } from "./fault.ts";

/** The fault is an action, not a state: it ends by itself. */
const holdMs = [100, 400] as const;
/** How long a compaction waits for the witness, and how often it looks. */
const witnessWaitMs = 3_000;
const witnessPollMs = 20;
const done = (target: string): Injected => ({ target, heal: async () => {} });

export const adminFaults: readonly FaultKind[] = [
  { kind: "F15", name: "defragment", domain: "admin", holdMs, inject: defragment },
  {
    kind: "F16",
    name: "compaction at the head",
    domain: "admin",
    holdMs,
    inject: (context) => compact(context, context.revision() - BigInt(context.random.below(20))),
  },
  {
    kind: "F16",
    name: "compaction while watchers are cut off",
    domain: "watching-net",
    holdMs: [500, 1_500],
    inject: async (context) => {
      const { cluster, sleep } = context;
      const proxies = cluster.members.map((_, index) => cluster.proxy("watching", index));
      for (const proxy of proxies) proxy.set({ mode: "drop" });
      await sleep(400);
      const compacted = await compact(context, context.revision() - 5n);
      return {
        target: compacted?.target ?? "watchers only",
        heal: async () => {
          for (const proxy of proxies) proxy.set({ mode: "ok" });
        },
      };
    },
  },
  { kind: "F17", name: "compaction at a deletion", domain: "admin", holdMs, inject: compactAtDeletion },
  { kind: "F18", name: "move leader", domain: "admin", holdMs, inject: moveLeader },
];

/** Compacts nothing that the witness has not seen: without it the run would prove nothing. */
async function compact(
  { cluster, revision: seen, sleep }: FaultContext,
  revision: bigint,
): Promise<Injected | undefined> {
  if (revision < 2n) return undefined;
  for (let waited = 0; seen() < revision; waited += witnessPollMs) {
    if (waited >= witnessWaitMs) return undefined;
    await sleep(witnessPollMs);
  }
  return attempt(`revision ${revision}`, () => cluster.control.kv.compact(revision, { timeoutMs: 3_000 }));
}

/** Writes an untracked key, which needs no author in the history. */
async function compactAtDeletion(context: FaultContext): Promise<Injected | undefined> {
  const { store, random } = context;
  const relics = store.resources(Relic);
  const at = { namespace: "a", name: `g-${random.below(2 ** 32)}` };
  try {
    await relics.create(draftOf(at, `fault.${at.name}`, random), { timeoutMs: 3_000 });
    const gone = await relics.delete(at, { timeoutMs: 3_000 });
    return await compact(context, BigInt(gone.metadata.resourceVersion));
  } catch {
    return undefined;
  }
}

async function moveLeader(context: FaultContext): Promise<Injected | undefined> {
  const { cluster, random } = context;
  const leader = await leaderOf(context);
  const to = pick(
    random,
    cluster.members.map((_, index) => index).filter((index) => index !== leader),
  );
  const endpoint = directUrl(cluster.member(leader));
  return attempt(`m${leader} to m${to}`, () =>
    cluster.control.maintenance.moveLeader(cluster.idOf(to), { endpoint, timeoutMs: 2_000 }),
  );
}

async function defragment({ cluster, random }: FaultContext): Promise<Injected | undefined> {
  const index = random.below(cluster.members.length);
  const endpoint = directUrl(cluster.member(index));
  return attempt(`m${index}`, () =>
    cluster.control.maintenance.defragment({ endpoint, timeoutMs: 20_000, requestTimeoutMs: 20_000 }),
  );
}

/** Undefined if another fault prevented this one: it does not count. */
async function attempt(target: string, act: () => Promise<unknown>): Promise<Injected | undefined> {
  return act().then(
    () => done(target),
    () => undefined,
  );
}
