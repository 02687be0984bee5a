/** The `Cluster` port: membership. Changes are writes: after an unknown outcome, list the members instead of repeating the change. */
import { checkArguments, checkOptions } from "../../base/text/known-options.ts";
import { StoreError } from "../../errors.ts";
import type { Client, Rpc } from "../client/client.ts";
import type { Cluster } from "../ports/cluster.ts";
import {
  type MemberAddResponse,
  type MembersResponse,
  memberAddRequest,
  memberAddResponse,
  memberIdRequest,
  memberListRequest,
  membersResponse,
  memberUpdateRequest,
} from "../wire/cluster.ts";

const service = "/etcdserverpb.Cluster";
const shared = { judged: false, lane: "unary" } as const;

const list: Rpc<MembersResponse> = {
  ...shared,
  path: `${service}/MemberList`,
  effect: "read",
  action: "list etcd's members",
  decode: membersResponse.decode,
};
const add: Rpc<MemberAddResponse> = {
  ...shared,
  path: `${service}/MemberAdd`,
  effect: "write",
  action: "add a member to etcd",
  decode: memberAddResponse.decode,
};
const remove: Rpc<MembersResponse> = {
  ...list,
  path: `${service}/MemberRemove`,
  effect: "write",
  action: "remove a member of etcd",
};
const update: Rpc<MembersResponse> = {
  ...list,
  path: `${service}/MemberUpdate`,
  effect: "idempotent",
  action: "update a member of etcd",
};
const promote: Rpc<MembersResponse> = {
  ...list,
  path: `${service}/MemberPromote`,
  effect: "write",
  action: "promote a member of etcd",
};

export function createCluster(client: Client): Cluster {
  return {
    members: (call) =>
      client.unary(list, memberListRequest.encode({ linearizable: call?.linearizable ?? true }), call),
    async add(options, call) {
      checkOptions(options ?? null, add.action, { peerUrls: "array", isLearner: "boolean" });
      const { peerUrls, isLearner = false } = options;
      const reply = await client.unary(add, memberAddRequest.encode({ peerUrls, isLearner }), call);
      const { header, member, members } = reply;
      if (member === undefined) {
        throw new StoreError("UNAVAILABLE", "Cannot add a member to etcd: the answer names no member", {
          retryAfterMs: 0,
        });
      }
      return { header, member, members };
    },
    async remove(id, call) {
      checkArguments(remove.action, { id }, { id: "bigint" });
      return client.unary(remove, memberIdRequest.encode({ id }), call);
    },
    async update(id, options, call) {
      checkArguments(update.action, { id }, { id: "bigint" });
      checkOptions(options ?? null, update.action, { peerUrls: "array" });
      const { peerUrls } = options;
      return client.unary(update, memberUpdateRequest.encode({ id, peerUrls }), call);
    },
    async promote(id, call) {
      checkArguments(promote.action, { id }, { id: "bigint" });
      return client.unary(promote, memberIdRequest.encode({ id }), call);
    },
  };
}
