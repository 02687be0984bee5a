/** Port `Cluster`: the members. */
import type { EtcdCall } from "./call.ts";
import type { Header } from "./messages.ts";

/** A member of the cluster. */
export interface Member {
  /** Its id in the cluster. */
  readonly id: bigint;
  /** Its --name; "" before it has started for the first time. */
  readonly name: string;
  /** Where other members reach it. */
  readonly peerUrls: readonly string[];
  /** Where clients reach it; empty before it has started. */
  readonly clientUrls: readonly string[];
  /** Whether it is a learner, which does not vote. */
  readonly isLearner: boolean;
}

/** The members of a cluster. */
export interface MemberList {
  /** The header of the response. */
  readonly header: Header;
  /** All of them, learners included. */
  readonly members: readonly Member[];
}

/** The cluster's membership: etcd's Cluster service. */
export interface Cluster {
  /** The members. */
  members(
    call?: EtcdCall & {
      /** Ask a quorum, so that the list is current; default true. etcd before 3.5 always answers from one member. */
      readonly linearizable?: boolean;
    },
  ): Promise<MemberList>;
  /** Adds a member, which must be started afterwards. */
  add(
    options: {
      /** Where other members will reach it, at least one. */
      readonly peerUrls: readonly string[];
      /** Whether it is a learner, which does not vote until promoted; default false. */
      readonly isLearner?: boolean | undefined;
    },
    call?: EtcdCall,
  ): Promise<
    MemberList & {
      /** The new member; its name is "" until it starts. */
      readonly member: Member;
    }
  >;
  /**
   * Removes a member.
   * @throws NOT_FOUND
   */
  remove(id: bigint, call?: EtcdCall): Promise<MemberList>;
  /**
   * Changes where other members reach a member.
   * @throws NOT_FOUND
   */
  update(
    id: bigint,
    options: {
      /** All of its new peer URLs, at least one. */
      readonly peerUrls: readonly string[];
    },
    call?: EtcdCall,
  ): Promise<MemberList>;
  /**
   * Makes a learner a voting member; it must have caught up with the leader.
   * @throws NOT_FOUND
   */
  promote(id: bigint, call?: EtcdCall): Promise<MemberList>;
}
