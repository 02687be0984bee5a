/**
 * F8, F9: the network between our processes and etcd. Each affects one group of processes, writers or watchers, while
 * the other continues: watchers must then catch up with the missed events.
 */

import type { ProxyMode } from "../../test/support/peers/tcp-proxy.ts";
import type { Group } from "../cluster/campaign-cluster.ts";
import { groups } from "../cluster/campaign-cluster.ts";
import type { FaultContext, FaultKind, Injected } from "./fault.ts";

type Reach = "one member" | "all members";

interface NetFault {
  readonly kind: string;
  readonly name: string;
  readonly mode: ProxyMode;
  readonly reach: Reach;
  readonly holdMs: readonly [number, number];
  /** Connections from that time cannot be used afterwards. */
  readonly cutAfter?: true;
}

const long = [900, 2_500] as const;
const short = [400, 1_200] as const;

const netFaults: readonly NetFault[] = [
  {
    kind: "F8",
    name: "half-open connections",
    mode: { mode: "half-open" },
    reach: "one member",
    holdMs: long,
  },
  { kind: "F8", name: "network stalls", mode: { mode: "stall" }, reach: "all members", holdMs: long },
  // Requests are applied but their responses are lost: every pending write becomes unknown.
  {
    kind: "F8",
    name: "answers lost",
    mode: { mode: "swallow" },
    reach: "all members",
    holdMs: short,
    cutAfter: true,
  },
  { kind: "F9", name: "connections refused", mode: { mode: "drop" }, reach: "all members", holdMs: short },
  { kind: "F9", name: "connections reset", mode: { mode: "reset" }, reach: "one member", holdMs: long },
  {
    kind: "F9",
    name: "slow drip",
    mode: { mode: "throttle", bytesPerSecond: 10_000 },
    reach: "one member",
    holdMs: long,
  },
  { kind: "F9", name: "delay", mode: { mode: "delay", delayMs: 60 }, reach: "all members", holdMs: long },
];

export const clientNetFaults: readonly FaultKind[] = groups.flatMap((group) =>
  netFaults.map(
    ({ kind, name, mode, reach, holdMs, cutAfter }): FaultKind => ({
      kind,
      name: `${name} (${group})`,
      domain: `${group}-net`,
      holdMs,
      inject: async (context) => inject(context, group, mode, reach, cutAfter === true),
    }),
  ),
);

function inject(
  { cluster, random }: FaultContext,
  group: Group,
  mode: ProxyMode,
  reach: Reach,
  cutAfter: boolean,
): Injected {
  const one = random.below(cluster.members.length);
  const indexes = reach === "all members" ? cluster.members.map((_, index) => index) : [one];
  const proxies = indexes.map((index) => cluster.proxy(group, index));
  for (const proxy of proxies) proxy.set(mode);
  return {
    target: `${group} ${indexes.map((index) => `m${index}`).join("+")}`,
    heal: async () => {
      for (const proxy of proxies) {
        if (cutAfter) proxy.cut();
        proxy.set({ mode: "ok" });
      }
    },
  };
}
