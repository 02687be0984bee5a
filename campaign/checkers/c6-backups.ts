/**
 * C6: a restore yields exactly the store at the backup's revision, and everything issued before the restore is refused
 * after it.
 *
 * Two logical dumps are compared: of the live store at revision R, and of the restored one. The caller names the keys
 * that a restore itself adds (the epoch record), which are left out. Ledgers are checked like any live ones (C5).
 */
import { createHash } from "node:crypto";
import type { Etcd, KeyValue } from "keelson/etcd";
import { type CheckResult, Findings } from "./findings.ts";

export interface DumpedKey {
  readonly key: string;
  /** SHA-256 of the value, hex. */
  readonly hash: string;
  readonly version: bigint;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly lease: bigint;
}

export interface LogicalDump {
  readonly revision: bigint;
  readonly keys: ReadonlyMap<string, DumpedKey>;
  /** Granted seconds by lease id. */
  readonly leases: ReadonlyMap<bigint, number>;
  /** Roles of each user, permissions of each role: sorted text. */
  readonly users: ReadonlyMap<string, string>;
  readonly roles: ReadonlyMap<string, string>;
}

/** One thing of the old epoch that was tried after the restore: a token, a watch, a conditional write. */
export interface OldEpochTrial {
  readonly what: string;
  /** The result: the code of the error, or "accepted". */
  readonly outcome: string;
}

export interface RestoreFacts {
  readonly name: string;
  /** Of the live store, read at the backup's revision. */
  readonly before: LogicalDump;
  /** Of the restored store, before any write to it. */
  readonly after: LogicalDump;
  /** Keys a restore writes by itself. */
  readonly added?: ((key: string) => boolean) | undefined;
  readonly trials?: readonly OldEpochTrial[] | undefined;
}

export function checkRestores(restores: readonly RestoreFacts[]): CheckResult {
  const findings = new Findings("C6");
  for (const facts of restores) {
    findings.checked("restores");
    const { name, before, after, trials = [] } = facts;
    checkKeys(facts, findings);
    compare(findings, name, "lease", before.leases, after.leases);
    compare(findings, name, "user", before.users, after.users);
    compare(findings, name, "role", before.roles, after.roles);
    for (const { what, outcome } of trials) {
      findings.checked("trials");
      if (outcome === "accepted") {
        findings.violation(
          "old epoch accepted",
          `${name}: ${what} of before the restore was accepted after it`,
        );
      }
    }
  }
  return findings.result();
}

function checkKeys({ name, before, after, added = () => false }: RestoreFacts, findings: Findings): void {
  for (const [key, was] of before.keys) {
    findings.checked("keys");
    if (added(key)) continue;
    const is = after.keys.get(key);
    if (is === undefined) {
      findings.violation("key lost", `${name}: ${key} of version ${was.modRevision} is not there`);
      continue;
    }
    for (const field of ["hash", "version", "createRevision", "modRevision", "lease"] as const) {
      if (is[field] === was[field]) continue;
      findings.violation(`${field} differs`, `${name}: ${key} has ${is[field]}, had ${was[field]}`);
    }
  }
  for (const [key, is] of after.keys) {
    if (added(key)) continue;
    if (!before.keys.has(key)) {
      findings.violation("key from nowhere", `${name}: ${key} of version ${is.modRevision} was not there`);
    } else if (is.modRevision > before.revision) {
      findings.violation(
        "newer than the backup",
        `${name}: ${key} is of ${is.modRevision}, the backup of ${before.revision}`,
      );
    }
  }
}

function compare<K, V>(
  findings: Findings,
  name: string,
  what: string,
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
): void {
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    findings.checked(`${what}s`);
    if (before.get(key) === after.get(key)) continue;
    findings.violation(
      `${what} differs`,
      `${name}: ${what} ${String(key)} is ${String(after.get(key))}, was ${String(before.get(key))}`,
    );
  }
}

/** Everything a store holds at a revision; leases, users and roles as of now (etcd has no history of them). */
export async function dumpOf(etcd: Etcd, revision?: bigint): Promise<LogicalDump> {
  const reply = await etcd.kv.range({
    key: "\0",
    rangeEnd: "\0",
    ...(revision === undefined ? {} : { revision }),
  });
  const leases = new Map<bigint, number>();
  for (const id of await etcd.leases.list()) {
    leases.set(id, (await etcd.leases.timeToLive(id)).grantedTtlSeconds);
  }
  const users = new Map<string, string>();
  for (const user of await etcd.auth.userList())
    users.set(user, [...(await etcd.auth.userGet(user))].sort().join());
  const roles = new Map<string, string>();
  for (const role of await etcd.auth.roleList()) {
    const permissions = (await etcd.auth.roleGet(role)).map(
      ({ type, key, rangeEnd }) => `${type} ${hex(key)}-${rangeEnd === undefined ? "" : hex(rangeEnd)}`,
    );
    roles.set(role, permissions.sort().join());
  }
  return {
    revision: revision ?? reply.header.revision,
    keys: new Map(reply.kvs.map((kv) => [Buffer.from(kv.key).toString(), dumped(kv)])),
    leases,
    users,
    roles,
  };
}

function dumped({ key, value, version, createRevision, modRevision, lease }: KeyValue): DumpedKey {
  const hash = createHash("sha256").update(value).digest("hex");
  return { key: Buffer.from(key).toString(), hash, version, createRevision, modRevision, lease };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
