/**
 * Checks that a response comes from our cluster and is not older than what we have seen.
 *
 * Three things hold while a cluster lives: its id does not change; the revision of a linearizable response is not below
 * the highest one seen before the request was sent; its raft log does not shrink (log-floor.ts). The check rejects a
 * response that breaks one and marks its endpoint. One marked endpoint is a fault of that endpoint: a stale member, or the
 * address of another cluster. When every endpoint is marked alike, or has failed since the first mark, the store
 * itself was replaced (a restore), and a new generation begins.
 *
 *   agree ──low or foreign response──▶ endpoint marked ──a good response of it──▶ agree
 *                                          └──all marked, or failed since──▶ restore: generation + 1
 *
 * One endpoint alone must give two bad responses in a row. An endpoint found foreign while our cluster still answered
 * elsewhere is a proven foreigner: alone it never causes a restore.
 */
import type { Header } from "../ports/messages.ts";
import type { RestoreEvent } from "./client.ts";
import type { Endpoint } from "./endpoints/endpoint-set.ts";
import { LogFloor } from "./log-floor.ts";

interface Mark {
  readonly kind: "low" | "foreign" | "rewound";
  readonly clusterId: bigint;
  /** Bad responses in a row. */
  times: number;
  proven: boolean;
}

export type Verdict =
  | { readonly verdict: "good" }
  | { readonly verdict: "refused"; readonly kind: Mark["kind"]; readonly reason: string }
  | { readonly verdict: "restored"; readonly event: RestoreEvent; readonly reason: string };

const good: Verdict = { verdict: "good" };

export class AnswerCheck {
  readonly #endpoints: readonly Endpoint[];
  readonly #marks = new Map<Endpoint, Mark>();
  /** When the first of the current marks was made. */
  #markedSinceMs = 0;
  #clusterId = 0n;
  #highest = 0n;
  #generation = 0;
  readonly #log = new LogFloor();

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints;
  }

  get highest(): bigint {
    return this.#highest;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The known minimum of the cluster's raft log. */
  get log(): LogFloor {
    return this.#log;
  }

  /**
   * @param floor `highest` when the request was sent; undefined for responses whose revision is not checked
   */
  judge(endpoint: Endpoint, header: Header, floor: bigint | undefined, nowMs: number): Verdict {
    const { clusterId, revision } = header;
    if (clusterId !== 0n) {
      if (this.#clusterId === 0n) this.#clusterId = clusterId;
      else if (clusterId !== this.#clusterId) {
        return this.#mark(endpoint, "foreign", header, nowMs);
      }
    }
    if (floor !== undefined) {
      if (revision < floor) return this.#mark(endpoint, "low", header, nowMs);
      if (revision > this.#highest) this.#highest = revision;
    }
    if (this.#marks.size > 0) this.#confirm(endpoint, floor !== undefined);
    return good;
  }

  /** A status below the log's floor, from a member that has answered a linearizable read before it. */
  judgeRewound(endpoint: Endpoint, header: Header, nowMs: number): Verdict {
    return this.#mark(endpoint, "rewound", header, nowMs);
  }

  /** A good response of one endpoint clears its mark and proves the foreign endpoints foreign. */
  #confirm(endpoint: Endpoint, judged: boolean): void {
    const own = this.#marks.get(endpoint);
    if (own !== undefined && (judged || own.kind === "foreign")) this.#marks.delete(endpoint);
    if (!judged && own !== undefined && own.kind !== "foreign") return;
    for (const [other, mark] of this.#marks) {
      if (mark.kind === "foreign") mark.proven = true;
      // A low response beside a good one came from a member that was behind.
      else if (judged) this.#marks.delete(other);
    }
  }

  #mark(endpoint: Endpoint, kind: Mark["kind"], header: Header, nowMs: number): Verdict {
    const before = this.#marks.get(endpoint);
    if (this.#marks.size === 0) this.#markedSinceMs = nowMs;
    const same = before?.kind === kind && before.clusterId === header.clusterId;
    const mark: Mark = same ? before : { kind, clusterId: header.clusterId, times: 0, proven: false };
    mark.times++;
    this.#marks.set(endpoint, mark);
    const reason =
      kind === "rewound"
        ? `endpoint "${endpoint.url}" has a raft log that is shorter than, or of a term before, what was seen of it`
        : kind === "foreign"
          ? `endpoint "${endpoint.url}" belongs to cluster ${hex(header.clusterId)}, expected cluster ${hex(this.#clusterId)}`
          : `endpoint "${endpoint.url}" answers at revision ${header.revision}, expected at least ${this.#highest}`;
    if (!this.#allAgree(mark)) return { verdict: "refused", kind, reason };
    const event: RestoreEvent = {
      generation: ++this.#generation,
      reason: reasons[kind],
      before: this.#highest,
      clusterId: header.clusterId,
    };
    this.#clusterId = header.clusterId;
    this.#highest = 0n;
    this.#log.forget();
    this.#marks.clear();
    return { verdict: "restored", event, reason };
  }

  #allAgree(latest: Mark): boolean {
    let marked = 0;
    let unproven = 0;
    for (const endpoint of this.#endpoints) {
      const mark = this.#marks.get(endpoint);
      if (mark === undefined) {
        // An unreachable endpoint counts only if it was tried since the first mark.
        if (endpoint.failedAtMs < this.#markedSinceMs || endpoint.answeredAtMs > endpoint.failedAtMs)
          return false;
      } else {
        if (mark.kind !== latest.kind || mark.clusterId !== latest.clusterId) return false;
        marked++;
        if (!mark.proven) unproven++;
      }
    }
    return unproven > 0 && (marked > 1 || latest.times > 1);
  }
}

const reasons = {
  foreign: "cluster-replaced",
  low: "revision-fell",
  rewound: "log-replaced",
} as const satisfies Record<Mark["kind"], RestoreEvent["reason"]>;

const hex = (id: bigint): string => id.toString(16);
