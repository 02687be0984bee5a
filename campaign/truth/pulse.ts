/**
 * The state of members and of the traffic's clients, recorded when it changes: the input of a time line.
 *
 *   a member   asked straight, several times a second, for a linearizable read and its status: "serves, led by m1, term 3";
 *              "no quorum" when it answers its status alone; "silent" when not even that
 *   a client   what it thinks of its endpoints, its streams and reconnects
 */
import { connectEtcd, type Etcd, type EtcdOptions } from "keelson/etcd";
import { systemClock } from "../../src/base/time/clock.ts";
import type { HistorySink } from "../checkers/history.ts";

const memberEveryMs = 200;
const clientEveryMs = 100;
/** A member that takes longer than this counts as not serving. */
const answerMs = 600;
const openWithinMs = 60_000;
/** Outside of all prefixes; never written. */
const pulseKey = "/campaign/pulse";

/** Records a subject's state when it changes. */
export class Pulse {
  readonly #sink: HistorySink;
  readonly #now: () => number;
  readonly #states = new Map<string, string>();

  constructor(sink: HistorySink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
  }

  set(subject: string, state: string): void {
    if (this.#states.get(subject) === state) return;
    this.#states.set(subject, state);
    this.#sink.write({ line: "pulse", subject, state, atNs: this.#now() });
  }
}

/** Observes every member separately until disposed. */
export class MemberPulse implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #clients: Etcd[] = [];

  static async start(options: {
    readonly endpoints: readonly string[];
    readonly auth?: EtcdOptions["auth"];
    readonly pulse: Pulse;
  }): Promise<MemberPulse> {
    const members = new MemberPulse();
    try {
      for (const [at, endpoint] of options.endpoints.entries()) {
        const etcd = await connectEtcd({
          endpoints: [endpoint],
          auth: options.auth,
          requestTimeoutMs: answerMs,
          timeoutMs: openWithinMs,
        });
        members.#clients.push(etcd);
        members.#running.push(members.#look(`m${at}`, endpoint, etcd, options.pulse));
      }
      return members;
    } catch (error) {
      await members[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #look(subject: string, endpoint: string, etcd: Etcd, pulse: Pulse): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const [serves, status] = await Promise.all([
        etcd.kv.range({ key: pulseKey }, { timeoutMs: answerMs, signal }).then(
          () => true,
          () => false,
        ),
        etcd.maintenance.status({ endpoint, timeoutMs: answerMs, signal }).catch(() => undefined),
      ]);
      if (signal.aborted) return;
      const leader =
        status === undefined ? "" : `, led by ${status.leader.toString(16)}, term ${status.raftTerm}`;
      pulse.set(subject, `${serves ? "serves" : status === undefined ? "silent" : "no quorum"}${leader}`);
      await systemClock.sleep(memberEveryMs, signal).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    for (const etcd of this.#clients) await etcd.close();
  }
}

/** Observes the clients of a worker until the returned function is called. */
export function watchClients(clients: () => readonly Etcd[], process: string, pulse: Pulse): () => void {
  const looking = setInterval(() => {
    for (const [at, etcd] of clients().entries()) {
      const { endpoints, openStreams, streamReconnects } = etcd.stats();
      const states = endpoints.map(({ url, state }) => `${new URL(url).port} ${state}`).join(", ");
      pulse.set(
        `${process} client ${at}`,
        `${states}; ${openStreams} streams, ${streamReconnects} reconnects`,
      );
    }
  }, clientEveryMs);
  return () => clearInterval(looking);
}
