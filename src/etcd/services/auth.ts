/** The `Auth` port: users and roles of etcd itself. etcd refuses a repeated change, so each counts as a write. */
import { checkArguments, checkOptions } from "../../base/text/known-options.ts";
import { isStoreError } from "../../errors.ts";
import type { Client, Effect, Rpc } from "../client/client.ts";
import { authenticateRpc, authIsOff } from "../client/token-source.ts";
import type { Auth } from "../ports/auth.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { Header } from "../ports/messages.ts";
import {
  authenticateRequest,
  authStatusResponse,
  nameRequest,
  namesResponse,
  roleGetResponse,
  roleGrantPermissionRequest,
  roleRevokePermissionRequest,
  userAddRequest,
  userRoleRequest,
} from "../wire/auth.ts";
import { emptyRequest, headerResponse } from "../wire/maintenance.ts";
import { statusRpc } from "./maintenance.ts";

function rpc<T extends { readonly header: Header }>(
  name: string,
  effect: Effect,
  action: string,
  codec: { decode(reply: Uint8Array): T },
): Rpc<T> {
  return {
    path: `/etcdserverpb.Auth/${name}`,
    effect,
    judged: false,
    lane: "unary",
    action,
    decode: codec.decode,
  };
}

const rpcs = {
  status: rpc("AuthStatus", "read", "read the state of etcd's auth", authStatusResponse),
  enable: rpc("AuthEnable", "idempotent", "enable etcd's auth", headerResponse),
  disable: rpc("AuthDisable", "idempotent", "disable etcd's auth", headerResponse),
  userAdd: rpc("UserAdd", "write", "add an etcd user", headerResponse),
  userGet: rpc("UserGet", "read", "read an etcd user", namesResponse),
  userList: rpc("UserList", "read", "list etcd users", namesResponse),
  userDelete: rpc("UserDelete", "write", "delete an etcd user", headerResponse),
  userChangePassword: rpc("UserChangePassword", "idempotent", "change a password in etcd", headerResponse),
  userGrantRole: rpc("UserGrantRole", "idempotent", "grant an etcd role", headerResponse),
  userRevokeRole: rpc("UserRevokeRole", "write", "revoke an etcd role", headerResponse),
  roleAdd: rpc("RoleAdd", "write", "add an etcd role", headerResponse),
  roleGet: rpc("RoleGet", "read", "read an etcd role", roleGetResponse),
  roleList: rpc("RoleList", "read", "list etcd roles", namesResponse),
  roleDelete: rpc("RoleDelete", "write", "delete an etcd role", headerResponse),
  roleGrantPermission: rpc("RoleGrantPermission", "idempotent", "grant a permission in etcd", headerResponse),
  roleRevokePermission: rpc("RoleRevokePermission", "write", "revoke a permission in etcd", headerResponse),
};

const empty = emptyRequest.encode({});

/** etcd 3.4 has no AuthStatus. Its refusal of a login without a name differs when auth is off; the auth revision is unknown, 0n. */
async function statusOfOldEtcd(
  client: Client,
  call: EtcdCall | undefined,
): Promise<{ readonly header: Header; readonly enabled: boolean; readonly authRevision: bigint }> {
  const { header } = await client.unary(statusRpc, empty, call);
  const refused = await client
    .unary(authenticateRpc, authenticateRequest.encode({ name: "", password: "" }), call)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (!isStoreError(refused, "INVALID_ARGUMENT", "UNAUTHENTICATED")) throw refused;
  return { header, enabled: !authIsOff(refused), authRevision: 0n };
}

export function createAuth(client: Client): Auth {
  const change = async (
    what: Rpc<{ readonly header: Header }>,
    request: Uint8Array,
    call: Parameters<Client["unary"]>[2],
  ): Promise<void> => {
    await client.unary(what, request, call);
  };
  const names = async (
    what: typeof rpcs.userList,
    request: Uint8Array,
    call: Parameters<Client["unary"]>[2],
  ): Promise<readonly string[]> => (await client.unary(what, request, call)).names;
  return {
    async status(call) {
      try {
        return await client.unary(rpcs.status, empty, call);
      } catch (error) {
        if (!isStoreError(error, "INVALID_ARGUMENT")) throw error;
        return statusOfOldEtcd(client, call);
      }
    },
    enable: (call) => change(rpcs.enable, empty, call),
    disable: (call) => change(rpcs.disable, empty, call),
    async userAdd(name, given, call) {
      checkArguments(rpcs.userAdd.action, { name }, { name: "text" });
      checkOptions(given ?? null, rpcs.userAdd.action, { password: "secret", noPassword: "boolean" });
      const { password = "", noPassword = false } = given;
      const options = noPassword ? { noPassword } : undefined;
      return change(rpcs.userAdd, userAddRequest.encode({ name, password, options }), call);
    },
    userGet: async (name, call) => names(rpcs.userGet, named(rpcs.userGet, name), call),
    userList: (call) => names(rpcs.userList, empty, call),
    userDelete: async (name, call) => change(rpcs.userDelete, named(rpcs.userDelete, name), call),
    async userChangePassword(name, password, call) {
      const { action } = rpcs.userChangePassword;
      checkArguments(action, { name, password }, { name: "text", password: "secret" });
      return change(rpcs.userChangePassword, authenticateRequest.encode({ name, password }), call);
    },
    userGrantRole: async (name, role, call) =>
      change(rpcs.userGrantRole, userAndRole(rpcs.userGrantRole, name, role), call),
    userRevokeRole: async (name, role, call) =>
      change(rpcs.userRevokeRole, userAndRole(rpcs.userRevokeRole, name, role), call),
    roleAdd: async (name, call) => change(rpcs.roleAdd, named(rpcs.roleAdd, name), call),
    async roleGet(name, call) {
      return (await client.unary(rpcs.roleGet, named(rpcs.roleGet, name), call)).permissions;
    },
    roleList: (call) => names(rpcs.roleList, empty, call),
    roleDelete: async (name, call) => change(rpcs.roleDelete, named(rpcs.roleDelete, name), call),
    async roleGrantPermission(name, permission, call) {
      const { action } = rpcs.roleGrantPermission;
      const names = { type: ["read", "write", "readwrite"], key: "binary", rangeEnd: "binary" } as const;
      checkArguments(action, { name }, { name: "text" });
      checkOptions(permission ?? null, action, names, "permission");
      return change(rpcs.roleGrantPermission, roleGrantPermissionRequest.encode({ name, permission }), call);
    },
    async roleRevokePermission(role, key, rangeEnd, call) {
      const { action } = rpcs.roleRevokePermission;
      checkArguments(action, { role, key }, { role: "text", key: "bytes" });
      if (rangeEnd !== undefined) checkArguments(action, { rangeEnd }, { rangeEnd: "bytes" });
      return change(
        rpcs.roleRevokePermission,
        roleRevokePermissionRequest.encode({ role, key, rangeEnd }),
        call,
      );
    },
  };
}

/** @throws INVALID_ARGUMENT if the name is no text */
function named({ action }: { readonly action: string }, name: string): Uint8Array {
  checkArguments(action, { name }, { name: "text" });
  return nameRequest.encode({ name });
}

function userAndRole({ action }: { readonly action: string }, name: string, role: string): Uint8Array {
  checkArguments(action, { name, role }, { name: "text", role: "text" });
  return userRoleRequest.encode({ name, role });
}
