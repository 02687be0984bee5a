/** Port `Auth`: users and roles of etcd itself. */
import type { EtcdCall } from "./call.ts";
import type { Bytes, Header } from "./messages.ts";

/** What a role may do with a range of keys. */
export interface Permission {
  /** Read, write, or both. */
  readonly type: "read" | "write" | "readwrite";
  /** The key, or the first key of the range, inclusive. */
  readonly key: Uint8Array;
  /** Exclusive end; absent: the one key. */
  readonly rangeEnd?: Uint8Array | undefined;
}

/** Users and roles of etcd itself, for operators. */
export interface Auth {
  /** Whether authentication is on. */
  status(call?: EtcdCall): Promise<{
    /** The header of the response. */
    readonly header: Header;
    /** Whether requests need a user. */
    readonly enabled: boolean;
    /** Grows with each change of users, roles and permissions. */
    readonly authRevision: bigint;
  }>;
  /** Turns authentication on; a user "root" with role "root" must exist. */
  enable(call?: EtcdCall): Promise<void>;
  /** Turns authentication off. */
  disable(call?: EtcdCall): Promise<void>;
  /**
   * Adds a user.
   * @throws ALREADY_EXISTS
   */
  userAdd(
    name: string,
    options: {
      /** Not empty, unless `noPassword`. */
      readonly password?: string | undefined;
      /** The user is identified only by the common name of its client certificate. */
      readonly noPassword?: boolean | undefined;
    },
    call?: EtcdCall,
  ): Promise<void>;
  /**
   * Roles of a user.
   * @throws NOT_FOUND
   */
  userGet(name: string, call?: EtcdCall): Promise<readonly string[]>;
  /** Names of all users. */
  userList(call?: EtcdCall): Promise<readonly string[]>;
  /**
   * Removes a user.
   * @throws NOT_FOUND
   */
  userDelete(name: string, call?: EtcdCall): Promise<void>;
  /**
   * Changes a user's password; its tokens become invalid.
   * @throws NOT_FOUND
   */
  userChangePassword(name: string, password: string, call?: EtcdCall): Promise<void>;
  /**
   * Gives a user a role.
   * @throws NOT_FOUND for either
   */
  userGrantRole(user: string, role: string, call?: EtcdCall): Promise<void>;
  /**
   * Revokes a role from a user.
   * @throws NOT_FOUND
   */
  userRevokeRole(user: string, role: string, call?: EtcdCall): Promise<void>;
  /**
   * Adds a role without permissions.
   * @throws ALREADY_EXISTS
   */
  roleAdd(name: string, call?: EtcdCall): Promise<void>;
  /**
   * Permissions of a role.
   * @throws NOT_FOUND
   */
  roleGet(name: string, call?: EtcdCall): Promise<readonly Permission[]>;
  /** Names of all roles. */
  roleList(call?: EtcdCall): Promise<readonly string[]>;
  /**
   * Removes a role, from its users too.
   * @throws NOT_FOUND
   */
  roleDelete(name: string, call?: EtcdCall): Promise<void>;
  /**
   * Lets a role read or write a range of keys; replaces its permission for that same range.
   * @throws NOT_FOUND
   */
  roleGrantPermission(role: string, permission: Permission, call?: EtcdCall): Promise<void>;
  /**
   * Revokes the permission for exactly this range from a role.
   * @throws NOT_FOUND
   */
  roleRevokePermission(role: string, key: Bytes, rangeEnd?: Bytes, call?: EtcdCall): Promise<void>;
}
