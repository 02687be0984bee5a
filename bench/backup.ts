/**
 * Compares inspect and restore of one large snapshot with etcdutl, in one run: seconds, and our peak memory.
 *
 * A real etcd is filled (default 600 MB; KEELSON_BENCH_BACKUP_MB) and a twentieth of its keys is rewritten, so that its
 * pages are laid out as in a used database. Each tool runs in its own process; figures are the best of the rounds. Our
 * inspect also verifies the SHA-256, which etcdutl's status does not; our restore also reads back what it wrote.
 */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inspectSnapshot, restoreSnapshot, saveSnapshot } from "keelson/backup";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";

const execute = promisify(execFile);

export interface BackupRow {
  readonly name: string;
  readonly seconds: number;
  /** Ratio to etcdutl's time for the same work; undefined where there is no etcdutl. */
  readonly ofEtcdutl: number | undefined;
  readonly peakMb: number | undefined;
  readonly megabytes: number;
}

export interface BackupBenchOptions {
  readonly timeMs?: number | undefined;
  /** Size of the database, megabytes. */
  readonly megabytes?: number | undefined;
  readonly rounds?: number | undefined;
}

export const small: BackupBenchOptions = { megabytes: 5, rounds: 1 };

const valueBytes = 1_300;
const putsPerTxn = 100;
const writers = 4;

export async function run(options: BackupBenchOptions = {}): Promise<readonly BackupRow[]> {
  const megabytes = options.megabytes ?? Number(process.env["KEELSON_BENCH_BACKUP_MB"] ?? 600);
  const folder = await mkdtemp(join(tmpdir(), "keelson-bench-backup-"));
  try {
    const path = join(folder, "large.db");
    const { etcdutl, saveSeconds } = await makeSnapshot(path, join(folder, "source"), megabytes);
    const rows: BackupRow[] = [
      { name: "save, proved", seconds: saveSeconds, ofEtcdutl: undefined, peakMb: undefined, megabytes },
    ];
    const works = {
      inspect: (_to: string) => ["snapshot", "status", path],
      restore: (to: string) => ["snapshot", "restore", path, "--data-dir", to],
    } as const;
    for (const work of ["inspect", "restore"] as const) {
      let own = { seconds: Number.POSITIVE_INFINITY, peakMb: 0 };
      let theirs = Number.POSITIVE_INFINITY;
      for (let round = 0; round < (options.rounds ?? 3); round++) {
        const to = join(folder, `${work}-${round}`);
        const measured = await measureApart(work, path, `${to}-own`);
        own = {
          seconds: Math.min(own.seconds, measured.seconds),
          peakMb: Math.max(own.peakMb, measured.peakMb),
        };
        if (etcdutl !== undefined) {
          const startMs = performance.now();
          await execute(etcdutl, [...works[work](`${to}-theirs`)]);
          theirs = Math.min(theirs, (performance.now() - startMs) / 1000);
        }
        await rm(`${to}-own`, { recursive: true, force: true });
        await rm(`${to}-theirs`, { recursive: true, force: true });
      }
      const ofEtcdutl = etcdutl === undefined ? undefined : own.seconds / theirs;
      rows.push({ name: work, ...own, ofEtcdutl, megabytes });
      if (etcdutl !== undefined) {
        rows.push({
          name: `${work}, etcdutl`,
          seconds: theirs,
          ofEtcdutl: 1,
          peakMb: undefined,
          megabytes,
        });
      }
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The goals on this machine: inspect at most 4 times, restore at most 1.5 times etcdutl's, 200 MB of memory. */
export function goals(
  rows: readonly BackupRow[],
): readonly { readonly goal: string; readonly value: string; readonly met: boolean }[] {
  const limits: Readonly<Record<string, number>> = { inspect: 4, restore: 1.5 };
  return rows.flatMap(({ name, ofEtcdutl, peakMb }) => {
    const limit = limits[name];
    if (limit === undefined || ofEtcdutl === undefined || peakMb === undefined) return [];
    return [
      {
        goal: `${name}: at most ${limit} times etcdutl's`,
        value: ofEtcdutl.toFixed(2),
        met: ofEtcdutl <= limit,
      },
      { goal: `${name}: at most 200 MB`, value: `${peakMb.toFixed(0)} MB`, met: peakMb <= 200 },
    ];
  });
}

async function makeSnapshot(
  path: string,
  dataDir: string,
  megabytes: number,
): Promise<{ readonly etcdutl: string | undefined; readonly saveSeconds: number }> {
  await using local = await startLocalEtcd({ dataDir, extraArgs: ["--quota-backend-bytes=8589934592"] });
  const beside = join(dirname(await readlink(`/proc/${local.pid}/exe`)), "etcdutl");
  const found = await access(beside).then(
    () => true,
    () => false,
  );
  await using etcd = await connectEtcd({ endpoints: local.endpoints, requestTimeoutMs: 60_000 });
  const keys = Math.floor((megabytes * 1e6) / (valueBytes + 120));
  const value = Buffer.alloc(valueBytes);
  for (let i = 0; i < valueBytes; i++) value[i] = (i * 31 + (i >> 3)) & 0xff;
  await putAll(etcd, value, Math.floor(keys * 0.95), (i) => i);
  await putAll(etcd, value, Math.floor(keys * 0.05), (i) => (i * 7919) % keys);
  const startMs = performance.now();
  await saveSnapshot(etcd, path);
  return { etcdutl: found ? beside : undefined, saveSeconds: (performance.now() - startMs) / 1000 };
}

async function putAll(
  etcd: Etcd,
  value: Uint8Array,
  count: number,
  keyOf: (i: number) => number,
): Promise<void> {
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += putsPerTxn;
      const keys = new Set<string>();
      for (let i = from; i < Math.min(count, from + putsPerTxn); i++) {
        keys.add(`/registry/pods/ns-${keyOf(i) % 50}/pod-${keyOf(i)}`);
      }
      const success = [...keys].map((key) => ({ type: "put" as const, put: { key, value } }));
      await etcd.kv.txn({ compare: [], success, failure: [] });
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
}

interface Measured {
  readonly seconds: number;
  readonly peakMb: number;
}

/** Runs the work in a fresh process, so that its peak memory is measured alone. */
async function measureApart(work: "inspect" | "restore", path: string, dataDir: string): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), ["measure", work, path, dataDir]);
  const [message] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`${work} ended with ${code}`);
    }),
  ])) as [Measured];
  if (child.exitCode === null) await once(child, "exit");
  return message;
}

const [, , mode, work, path = "", dataDir = ""] = process.argv;
if (mode === "measure") {
  const startMs = performance.now();
  if (work === "inspect") await inspectSnapshot(path);
  else await restoreSnapshot(path, { dataDir });
  const seconds = (performance.now() - startMs) / 1000;
  process.send?.({ seconds, peakMb: process.resourceUsage().maxRSS / 1024 });
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of await run()) process.stdout.write(`${JSON.stringify(row)}\n`);
}
