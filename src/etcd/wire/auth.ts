/** Auth messages, both directions. Passwords are never stored here. */

import type { Permission } from "../ports/auth.ts";
import type { Bytes, Header } from "../ports/messages.ts";
import {
  bool,
  bytes,
  bytesOrText,
  choice,
  header,
  inner,
  type MessageCodec,
  many,
  message,
  optional,
  text,
  texts,
  uint64,
} from "./message.ts";

export interface AuthStatusResponse {
  readonly header: Header;
  readonly enabled: boolean;
  readonly authRevision: bigint;
}
export const authStatusResponse: MessageCodec<AuthStatusResponse> = message({
  header: header(1),
  enabled: bool(2),
  authRevision: uint64(3),
});

export interface AuthenticateRequest {
  readonly name: string;
  readonly password: string;
}
export interface AuthenticateResponse {
  readonly header: Header;
  readonly token: string;
}
/** The request of Authenticate, and of UserChangePassword, which has the same fields. */
export const authenticateRequest: MessageCodec<AuthenticateRequest> = message({
  name: text(1),
  password: text(2),
});
export const authenticateResponse: MessageCodec<AuthenticateResponse> = message({
  header: header(1),
  token: text(2),
});

export interface UserAddRequest {
  readonly name: string;
  readonly password: string;
  readonly options: { readonly noPassword: boolean } | undefined;
}
export const userAddRequest: MessageCodec<UserAddRequest> = message({
  name: text(1),
  password: text(2),
  options: inner(3, message<{ readonly noPassword: boolean }>({ noPassword: bool(1) })),
});

/** user get and delete, role add, get and delete: one name. */
export interface NameRequest {
  readonly name: string;
}
export const nameRequest: MessageCodec<NameRequest> = message({ name: text(1) });

/** grant a role to a user, revoke it. */
export interface UserRoleRequest {
  readonly name: string;
  readonly role: string;
}
export const userRoleRequest: MessageCodec<UserRoleRequest> = message({ name: text(1), role: text(2) });

/** Roles of a user, all roles, all users. */
export interface NamesResponse {
  readonly header: Header;
  readonly names: readonly string[];
}
export const namesResponse: MessageCodec<NamesResponse> = message({ header: header(1), names: texts(2) });

const permission: MessageCodec<Permission> = message({
  type: choice(1, ["read", "write", "readwrite"]),
  key: bytes(2),
  rangeEnd: optional(bytes(3)),
});

export interface RoleGetResponse {
  readonly header: Header;
  readonly permissions: readonly Permission[];
}
export const roleGetResponse: MessageCodec<RoleGetResponse> = message({
  header: header(1),
  permissions: many(2, permission),
});

export interface RoleGrantPermissionRequest {
  readonly name: string;
  readonly permission: Permission | undefined;
}
export const roleGrantPermissionRequest: MessageCodec<RoleGrantPermissionRequest> = message({
  name: text(1),
  permission: inner(2, permission),
});

export interface RoleRevokePermissionRequest {
  readonly role: string;
  readonly key: Bytes;
  readonly rangeEnd: Bytes | undefined;
}
export const roleRevokePermissionRequest: MessageCodec<RoleRevokePermissionRequest> = message({
  role: text(1),
  key: bytesOrText(2),
  rangeEnd: optional(bytesOrText(3)),
});
