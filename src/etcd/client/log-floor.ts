/**
 * The known minimum of the cluster's raft log. It reveals a cluster that was restored under its old id after its revision has
 * passed all that was seen. There, revisions repeat, and the log and its terms start over; in one cluster neither falls.
 *
 *   a status             applied index I, the term of a leader
 *   a later response     to a request sent after that status, at revision R0
 *   responses since      up to revision R: each revision above R0 is one log entry after I, so the log is at I + R - R0 at least
 *
 * A member may be behind, so a status below the floor proves nothing until the member has answered a linearizable read.
 */
import type { StatusResponse } from "../wire/maintenance.ts";

type LogFacts = Pick<StatusResponse, "leader" | "raftAppliedIndex" | "raftTerm">;

export class LogFloor {
  #index = 0n;
  /** Revision of the response whose request was sent after the status that gave `#index`. */
  #baseRevision: bigint | undefined;
  #term = 0n;
  #statuses = 0;

  /** Statuses seen so far; a request sent now belongs after that many. */
  get statuses(): number {
    return this.#statuses;
  }

  /** @param highest the highest revision of linearizable responses so far */
  indexAt(highest: bigint): bigint {
    const base = this.#baseRevision;
    return base === undefined || highest <= base ? this.#index : this.#index + highest - base;
  }

  isAbove({ leader, raftAppliedIndex, raftTerm }: LogFacts, highest: bigint): boolean {
    // Older servers, and servers that are not etcd, do not report it.
    if (raftAppliedIndex === 0n) return false;
    return raftAppliedIndex < this.indexAt(highest) || (leader !== 0n && raftTerm < this.#term);
  }

  /** A status of our cluster. */
  learn({ leader, raftAppliedIndex, raftTerm }: LogFacts, highest: bigint): void {
    // A candidate's term may never become the cluster's.
    if (leader !== 0n && raftTerm > this.#term) this.#term = raftTerm;
    if (raftAppliedIndex <= this.indexAt(highest)) return;
    this.#index = raftAppliedIndex;
    this.#baseRevision = undefined;
    this.#statuses++;
  }

  /** A linearizable response to a request that was sent after `statuses` statuses. */
  answered(revision: bigint, statuses: number): void {
    if (this.#baseRevision === undefined && statuses === this.#statuses) this.#baseRevision = revision;
  }

  forget(): void {
    this.#index = 0n;
    this.#baseRevision = undefined;
    this.#term = 0n;
    this.#statuses++;
  }
}
