/**
 * Worlds that force the event orders known to be difficult, for every seed: each proves by a count that the order
 * occurred.
 */
import type { Fault, Plan, TimedFault } from "./plan.ts";
import type { WorldResult } from "./world.ts";

export interface DirectedWorld {
  readonly name: string;
  readonly change: (plan: Plan) => Plan;
  /** Whether the order that the world is named for occurred. */
  readonly happened: (counts: WorldResult["counts"]) => boolean;
}

const calm: Plan["climate"] = {
  baseMs: 2,
  slow: 0,
  slowMs: 0,
  refused: 0,
  requestLost: 0,
  replyLost: 0,
  swallowed: 0,
  streamCut: 0,
  streamStalled: 0,
};

/** The same fault, again and again. */
function each(everyMs: number, forMs: number, ...faults: readonly Fault[]): readonly TimedFault[] {
  return Array.from({ length: 30 }, (_, i) => ({
    atMs: 1_000 + i * everyMs,
    forMs,
    fault: faults[i % faults.length] ?? { kind: "compact", back: 0 },
  }));
}

const cached = (plan: Plan, historyBytes: number): Plan["processes"] =>
  plan.processes.map((process) =>
    // A process that does not know the kind has no cache of it.
    process.controls === undefined ? { ...process, cache: "kind", historyBytes, watchers: 3 } : process,
  );

export const directedWorlds: readonly DirectedWorld[] = [
  {
    name: "a compaction while the stream is cut: relists, one racing the stream before it, several in a row",
    change: (plan) => ({
      ...plan,
      cluster: { ...plan.cluster, members: 1 },
      climate: calm,
      processes: cached(plan, 5_000).map((process) => ({ ...process, member: undefined })),
      faults: [1, 2, 3, 4, 5].flatMap((round): readonly TimedFault[] => [
        { atMs: round * 1_600, forMs: 1_200, fault: { kind: "unreachable", process: round % 2, member: 0 } },
        { atMs: round * 1_600 + 1_100, forMs: 0, fault: { kind: "compact", back: 0 } },
        // Again when the path opens: the repeated list is itself overtaken.
        { atMs: round * 1_600 + 1_250, forMs: 0, fault: { kind: "compact", back: 0 } },
      ]),
      calls: 30,
      thinkMs: 400,
    }),
    happened: ({ relists }) => relists > 0,
  },
  {
    name: "direct answers later than newer events",
    change: (plan) => ({
      ...plan,
      climate: { ...calm, slow: 0.4, slowMs: 800 },
      processes: cached(plan, 1_000_000),
      faults: [],
    }),
    happened: ({ streamEvents }) => streamEvents > 0,
  },
  {
    name: "revisions in pieces, the stream cut between them",
    change: (plan) => ({
      ...plan,
      cluster: { ...plan.cluster, fragmentBytes: 1 },
      climate: { ...calm, streamCut: 0.15 },
      faults: [],
    }),
    happened: ({ streamEvents }) => streamEvents > 0,
  },
  {
    name: "a name deleted and made again in one batch",
    change: (plan) => ({
      ...plan,
      cluster: { ...plan.cluster, syncIntervalMs: 2_000, lagMs: 2_000, members: 3 },
      climate: { ...calm, streamCut: 0.1 },
      faults: [],
      thinkMs: 5,
    }),
    happened: ({ changes }) => changes > 0,
  },
  {
    name: "progress that is not answered while somebody waits for it",
    change: (plan) => ({
      ...plan,
      cluster: { ...plan.cluster, progressDropped: 0.95 },
      climate: calm,
      processes: cached(plan, 1_000_000),
      faults: [],
    }),
    happened: ({ calls }) => calls > 0,
  },
  {
    name: "writes that land after their callers have given up",
    change: (plan) => ({
      ...plan,
      climate: { ...calm, slow: 0.3, slowMs: 3_000, replyLost: 0.15 },
      processes: plan.processes.map((process) => ({ ...process, requestTimeoutMs: 300 })),
      faults: [],
      thinkMs: 20,
    }),
    happened: ({ unknown }) => unknown > 0,
  },
  {
    name: "a page a key, from members that differ",
    change: (plan) => ({
      ...plan,
      cluster: { ...plan.cluster, members: 3, pageItemsMax: 1, lagMs: 800 },
      climate: { ...calm, refused: 0.05 },
      faults: each(300, 100, { kind: "compact", back: 1 }),
    }),
    happened: ({ calls }) => calls > 0,
  },
  {
    name: "processes and members that stop, and leases that end meanwhile",
    change: (plan) => ({
      ...plan,
      cluster: { ...plan.cluster, members: 3 },
      climate: calm,
      faults: [
        { atMs: 800, forMs: 70_000, fault: { kind: "stop-process", process: 0 } },
        { atMs: 1_000, forMs: 4_000, fault: { kind: "stop-member", member: 0 } },
        ...each(700, 500, { kind: "expire-lease", index: 0 }, { kind: "move-leader", member: 1 }),
      ],
    }),
    happened: ({ virtualMs }) => virtualMs > 60_000,
  },
];
