/** Cluster messages, both directions. */

import type { Member } from "../ports/cluster.ts";
import type { Header } from "../ports/messages.ts";
import { bool, header, inner, type MessageCodec, many, message, text, texts, uint64 } from "./message.ts";

const member: MessageCodec<Member> = message({
  id: uint64(1),
  name: text(2),
  peerUrls: texts(3),
  clientUrls: texts(4),
  isLearner: bool(5),
});

export interface MemberAddRequest {
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}
export interface MemberAddResponse {
  readonly header: Header;
  readonly member: Member | undefined;
  readonly members: readonly Member[];
}
export const memberAddRequest: MessageCodec<MemberAddRequest> = message({
  peerUrls: texts(1),
  isLearner: bool(2),
});
export const memberAddResponse: MessageCodec<MemberAddResponse> = message({
  header: header(1),
  member: inner(2, member),
  members: many(3, member),
});

/** Remove and promote contain only a member id. */
export interface MemberIdRequest {
  readonly id: bigint;
}
export const memberIdRequest: MessageCodec<MemberIdRequest> = message({ id: uint64(1) });

export interface MemberUpdateRequest {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
}
export const memberUpdateRequest: MessageCodec<MemberUpdateRequest> = message({
  id: uint64(1),
  peerUrls: texts(2),
});

export interface MemberListRequest {
  readonly linearizable: boolean;
}
export const memberListRequest: MessageCodec<MemberListRequest> = message({ linearizable: bool(1) });

/** The reply of list, remove, update and promote. */
export interface MembersResponse {
  readonly header: Header;
  readonly members: readonly Member[];
}
export const membersResponse: MessageCodec<MembersResponse> = message({
  header: header(1),
  members: many(2, member),
});
