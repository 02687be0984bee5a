/**
 * Real snapshots of known content for the backup suites: a seeded workload on a real etcd, and etcd's own tools
 * (`etcdctl`, `etcdutl`) beside its program, to compare with.
 */
import { execFile } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { SnapshotInfo } from "keelson/backup";
import { connectEtcd, type Etcd, type LocalEtcd } from "keelson/etcd";
import type { Random } from "../../../src/base/random.ts";
import { seededRandom } from "../seeded-random.ts";
import { patientMs } from "../time/patience.ts";

const run = promisify(execFile);

export interface Tool {
  readonly path: string;
  (...args: readonly string[]): Promise<string>;
}

/** `name` beside the etcd program, or undefined: a suite that needs it skips and says so. */
export async function toolBeside(etcd: string, name: "etcdctl" | "etcdutl"): Promise<Tool | undefined> {
  const path = join(dirname(etcd), name);
  if (
    !(await access(path).then(
      () => true,
      () => false,
    ))
  )
    return undefined;
  // etcdctl gives up after 5 s, and after 2 s without a connection: a busy machine may take longer.
  const patience = name === "etcdctl" ? ["--command-timeout=60s", "--dial-timeout=60s"] : [];
  const call = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(path, [...patience, ...args], {
      env: { ...process.env, ETCDCTL_API: "3" },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  };
  return Object.assign(call, { path });
}

/** `snapshot status` of etcdutl, or of the old etcdctl. */
export async function toolStatus(etcd: string, path: string): Promise<unknown> {
  const tool = (await toolBeside(etcd, "etcdutl")) ?? (await toolBeside(etcd, "etcdctl"));
  if (tool === undefined) return undefined;
  return JSON.parse(await tool("snapshot", "status", path, "-w", "json"));
}

/** What `toolStatus` answers of a snapshot; tools before 3.6 leave `version` out. */
export function statusOf(info: SnapshotInfo): object {
  const { hash, revision, totalKey, totalSize, storageVersion = "" } = info;
  return { hash, revision: Number(revision), totalKey, totalSize, version: storageVersion };
}

/** HashKV by etcdctl, which asks the member itself. */
export async function toolHashKv(
  etcd: string,
  endpoint: string,
  revision?: bigint,
): Promise<{ readonly hash: number; readonly compactRevision: bigint; readonly revision: bigint }> {
  const tool = await toolBeside(etcd, "etcdctl");
  if (tool === undefined) throw new Error(`no etcdctl beside ${etcd}`);
  const rev = revision === undefined ? [] : [`--rev=${revision}`];
  const text = await tool(`--endpoints=${endpoint}`, "endpoint", "hashkv", ...rev, "-w", "json");
  const number = (name: string): string => new RegExp(`"${name}":(-?\\d+)`).exec(text)?.[1] ?? "0";
  return {
    hash: Number(number("hash")),
    compactRevision: BigInt(number("compact_revision")),
    revision: BigInt(number("revision")),
  };
}

export async function saveWithTool(etcd: string, endpoint: string, path: string): Promise<void> {
  const tool = await toolBeside(etcd, "etcdctl");
  if (tool === undefined) throw new Error(`no etcdctl beside ${etcd}`);
  await tool(`--endpoints=${endpoint}`, "snapshot", "save", path);
}

/** A client of a local etcd. */
export function clientOf(local: LocalEtcd): Promise<Etcd> {
  return connectEtcd({ endpoints: local.endpoints, requestTimeoutMs: patientMs });
}

export async function tempFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "keelson-backup-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

export interface Workload {
  /** Revision after the last step. */
  readonly revision: bigint;
  readonly compacted: bigint;
}

/** Puts, overwrites, deletions, range deletions, transactions, leases and compactions, the same for the same seed. */
export async function runWorkload(
  etcd: Etcd,
  options: {
    readonly seed: number;
    readonly steps: number;
    readonly compact?: "never" | "early" | undefined;
  },
): Promise<Workload> {
  const random = seededRandom(options.seed);
  const leases: bigint[] = [];
  let revision = 0n;
  let compacted = 0n;
  for (let step = 0; step < options.steps; step++) {
    const dice = random.below(100);
    const key = `/registry/${["pods", "secrets", "example.io/widgets"][random.below(3)]}/ns${random.below(3)}/o${random.below(25)}`;
    if (dice < 60) {
      const lease = dice < 8 ? leases[random.below(Math.max(1, leases.length))] : undefined;
      const { header } = await etcd.kv.put({ key, value: someBytes(random), lease });
      revision = header.revision;
    } else if (dice < 72) {
      revision = (await etcd.kv.deleteRange({ key })).header.revision;
    } else if (dice < 75) {
      revision = (
        await etcd.kv.deleteRange({ key: `${key.slice(0, -1)}0`, rangeEnd: `${key.slice(0, -1)}4` })
      ).header.revision;
    } else if (dice < 93) {
      const keys = new Set(Array.from({ length: 1 + random.below(6) }, () => `${key}-${random.below(12)}`));
      const { header } = await etcd.kv.txn({
        compare: [],
        success: [...keys].map((name) =>
          random.below(4) === 0
            ? { type: "delete", delete: { key: name } }
            : { type: "put", put: { key: name, value: someBytes(random) } },
        ),
        failure: [],
      });
      revision = header.revision;
    } else if (dice < 97) {
      leases.push((await etcd.leases.grant({ ttlSeconds: 3600 })).id);
    } else if (mayCompact(options.compact, step / options.steps) && revision > compacted + 10n) {
      compacted = revision - BigInt(random.below(8)) - 1n;
      await etcd.kv.compact(compacted, { physical: true });
    }
  }
  // A key of no kind, and a value longer than a page.
  await etcd.kv.put({ key: "plain", value: "x" });
  revision = (await etcd.kv.put({ key: "/registry/pods/ns0/large", value: random.bytes(20_000) })).header
    .revision;
  return { revision, compacted };
}

/** "early": in the first half, so that much history is left. */
function mayCompact(when: "never" | "early" | undefined, progress: number): boolean {
  return when === undefined || (when === "early" && progress < 0.5);
}

function someBytes(random: Random): Uint8Array {
  return random.bytes(random.below(10) === 0 ? 3000 : 20 + random.below(400));
}
