/** The phase of a world in which faults start and end, according to the plan. */
import type { Random } from "../../src/base/random.ts";
import type { Eras } from "./checks/eras.ts";
import type { Trace } from "./checks/trace.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Places } from "./places.ts";
import type { Fault, Restore, TimedFault } from "./plan.ts";
import type { ProcessClock } from "./virtual-time.ts";

export interface StormParts {
  readonly cluster: SimulatedCluster;
  readonly places: Places;
  readonly eras: Eras;
  readonly network: ProcessClock;
  readonly random: Random;
  readonly trace: Trace;
}

/** Beyond every revision of earlier eras: the start of a bumped era. */
const bumpOfEra = 1_000_000n;

export class Storm {
  readonly #cluster: SimulatedCluster;
  readonly #places: Places;
  readonly #eras: Eras;
  readonly #network: ProcessClock;
  readonly #random: Random;
  readonly #trace: Trace;
  #over = false;
  /** Leases were ended before their time. */
  leasesForced = false;

  constructor(parts: StormParts) {
    this.#cluster = parts.cluster;
    this.#places = parts.places;
    this.#eras = parts.eras;
    this.#network = parts.network;
    this.#random = parts.random;
    this.#trace = parts.trace;
  }

  /** Heals all faults and starts no more. */
  heal(): void {
    this.#trace.add("heal");
    this.#over = true;
    this.#cluster.heal();
    this.#places.clearUp();
  }

  schedule({ atMs, forMs, fault }: TimedFault): void {
    this.#network.setTimer(atMs, () => {
      if (this.#over) return;
      this.#trace.add(`fault ${JSON.stringify(fault)}`);
      const undo = this.#inflict(fault, forMs);
      if (undo === undefined) return;
      this.#network.setTimer(forMs, () => {
        this.#trace.add(`over ${fault.kind}`);
        undo();
      });
    });
  }

  /** Undoes the fault, if it does not end by itself. */
  #inflict(fault: Fault, forMs: number): (() => void) | undefined {
    const cluster = this.#cluster;
    switch (fault.kind) {
      case "stop-member": {
        const member = cluster.member(fault.member);
        member.stop(forMs);
        this.#elect();
        return () => cluster.lookAgain();
      }
      case "disconnect-member": {
        const member = cluster.member(fault.member);
        member.disconnect();
        this.#elect();
        return () => member.reconnect();
      }
      case "kill-member": {
        const member = cluster.member(fault.member);
        member.kill();
        this.#elect();
        return () => member.restart();
      }
      case "move-leader":
        cluster.moveLeader(cluster.member(fault.member));
        return undefined;
      case "compact":
        cluster.compact(fault.back);
        return undefined;
      case "expire-lease": {
        const ids = cluster.leaseIds;
        const id = ids[fault.index % Math.max(1, ids.length)];
        if (id !== undefined) cluster.expire(id);
        this.leasesForced = true;
        return undefined;
      }
      case "stop-process":
        this.#places.at(fault.process).process.clock.stop(forMs);
        return undefined;
      case "kill-process":
        return this.#places.kill(this.#places.at(fault.process));
      case "kill-setter": {
        const place = this.#places.at(fault.process);
        place.process.beginSet();
        let revive: (() => void) | undefined;
        this.#network.setTimer(fault.afterMs, () => {
          if (!this.#over) revive = this.#places.kill(place);
        });
        return () => revive?.();
      }
      case "restore":
        this.#restore(fault);
        return undefined;
      case "unreachable":
      case "silent": {
        const { weather } = this.#places.at(fault.process);
        const endpoint = cluster.endpoints[fault.member] ?? "";
        weather.setRoad(endpoint, fault.kind === "silent" ? "dead" : "closed");
        return () => weather.setRoad(endpoint, "open");
      }
      case "cut-streams":
        this.#places.at(fault.process).weather.cutStreams();
        return undefined;
      case "wall-clock":
        this.#places.at(fault.process).process.clock.wallOffsetMs += fault.byMs;
        return undefined;
    }
  }

  /** The other members elect a new leader about a second after the loss. */
  #elect(): void {
    this.#network.setTimer(800 + this.#random.float() * 700, () => {
      const { leader } = this.#cluster;
      if (leader.alive) return;
      for (let i = 0; i < this.#cluster.size; i++) {
        const member = this.#cluster.member(i);
        if (member.alive) return this.#cluster.moveLeader(member);
      }
    });
  }

  /** Snapshot, time, all members down, and up again over the snapshot. */
  #restore({ ageMs, downMs, manner }: Restore): void {
    const [cluster, eras] = [this.#cluster, this.#eras];
    // No restore goes back to before the namespaces and quotas existed: they are created only once.
    if (!this.#places.wereReady) return;
    const [snapshot, saved] = [cluster.save(), eras.save()];
    this.#trace.add(`snapshot at ${saved.revision}`);
    this.#network.setTimer(ageMs, () => {
      if (this.#over) return;
      const bumpTo = manner === "plain" ? undefined : BigInt(eras.all.length) * bumpOfEra;
      const isSilent = manner === "silent";
      eras.restore(saved, { start: bumpTo ?? saved.revision, isSilent });
      const isEpoch = (key: string): boolean => key.startsWith("/keelson/") && key.endsWith("/epoch");
      const renews = manner === "bumped alone" ? [] : [...snapshot.keys.versions.keys()].filter(isEpoch);
      cluster.restore(snapshot, { bumpTo, renews, renamed: !isSilent });
      this.#trace.add(`restored to ${saved.truth.era}:${saved.revision}, now at ${cluster.revision}`);
      this.#network.setTimer(downMs, () => {
        this.#trace.add("up again");
        for (let i = 0; i < cluster.size; i++) cluster.member(i).restart();
        cluster.moveLeader(cluster.member(0));
      });
    });
  }
}
