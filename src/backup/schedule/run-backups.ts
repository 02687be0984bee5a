/**
 * A process that takes backups by itself: fulls and deltas on a schedule, pruning, verification, and drills that restore and
 * boot a backup. One of several processes leads; the others wait for it to end.
 *
 *   campaign ─► lead: sleep until the next task is due ─► run it ─► report it
 *      ▲          │ lost                                    │ failed: again after a back-off, the others continue
 *      └──────────┘                                         ▼
 *
 * All state is in the repository: a process that starts reads the recorded backups and takes missed ones at once. When a
 * process is killed, the next one leads within the election's time to live.
 */
import { Backoff } from "../../base/backoff.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { messageOf } from "../../base/text/message-of.ts";
import { campaign } from "../../etcd/coordination/election.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Backup } from "../repository/histories.ts";
import { chainIsOver } from "../repository/new-backup.ts";
import type { BackupOutcome, BackupRepository } from "../repository/repository-options.ts";
import { type RetentionPolicy, retentionNames } from "../repository/retention.ts";
import { type DrillReport, drill } from "./drill.ts";
import { type BackupRunStatus, type BackupTask, backupTasks, type TaskStatus } from "./run-status.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";

/** Options of `runBackups`. */
export interface BackupRunOptions {
  /** When a full is taken: cron in UTC or an interval. Default "0 3 * * *". */
  readonly full?: string | undefined;
  /** When a delta is taken; "" for never. Default "5m". */
  readonly delta?: string | undefined;
  /** When the newest state is restored, booted and compared; "" for never. Default "0 5 * * 0". */
  readonly drill?: string | undefined;
  /** When every chunk is read and checked; "" for never. Default "0 4 * * 6". */
  readonly verify?: string | undefined;
  /** Which backups to keep; the others are removed after each full. Default: all are kept. */
  readonly keep?: RetentionPolicy | undefined;
  /** The election's name in etcd; "" runs without one. Default "keelson/backup". */
  readonly election?: string | undefined;
  /** The value that observers of the election see; default "backup". */
  readonly identity?: string | undefined;
  /** The `etcd` program of drills. */
  readonly binary?: string | undefined;
  /** Ends the process; a task in progress is abandoned and leaves nothing incomplete. */
  readonly signal?: AbortSignal | undefined;
}

const runNames: NamesOf<BackupRunOptions> = {
  full: "text",
  delta: "text",
  drill: "text",
  verify: "text",
  keep: "object",
  election: "text",
  identity: "text",
  binary: "text",
  signal: "signal",
};

/** An event of the process; `status` is its whole state afterwards. */
export type BackupRunEvent = {
  /** The whole state after the event. */
  readonly status: BackupRunStatus;
} & (
  | {
      /**
       * "leading": this process takes the backups; "waiting": another one does; "done", "failed": a task has ended.
       */
      readonly type: "leading" | "waiting";
    }
  | {
      readonly type: "done";
      /** Which task. */
      readonly task: BackupTask;
      /** What it did, as text for people. */
      readonly what: string;
      /** Milliseconds it took. */
      readonly durationMs: number;
    }
  | {
      readonly type: "failed";
      readonly task: BackupTask;
      /** The cause, usually a StoreError. */
      readonly error: unknown;
      /** Milliseconds until the next try. */
      readonly retryMs: number;
    }
);

/** A failed task is tried again after half a minute, later after up to ten. */
const retry = { firstMs: 30_000, maxMs: 600_000 } as const;
/** Longest sleep: after a machine has slept, an overdue task starts within this time. */
const longestSleepMs = 60_000;
const electionTtlSeconds = 15;

/**
 * Runs until `signal` aborts; yields what it does. Failures are events, never exceptions.
 * @throws INVALID_ARGUMENT for an invalid schedule, before anything is done
 */
export async function* runBackups(
  etcd: Etcd,
  repository: BackupRepository,
  options: BackupRunOptions = {},
): AsyncGenerator<BackupRunEvent, void, undefined> {
  checkOptions(options ?? null, "run backups", runNames);
  checkOptions(options.keep, "run backups", retentionNames, "keep");
  const run = new BackupRun(etcd, repository, options);
  const { election = "keelson/backup", identity = "backup", signal } = options;
  const pause = new Backoff(retry, etcd.clock, etcd.random);
  const ended = (): boolean => signal?.aborted === true;
  while (!ended()) {
    if (election === "") {
      yield* run.lead(signal);
      continue;
    }
    try {
      yield { type: "waiting", status: run.status(false) };
      await using office = await campaign(etcd, election, identity, {
        ttlSeconds: electionTtlSeconds,
        signal,
      });
      pause.reset();
      yield { type: "leading", status: run.status(true) };
      yield* run.lead(signal === undefined ? office.lost : AbortSignal.any([signal, office.lost]));
    } catch {
      // An unreachable etcd does not end the process: the next campaign finds it or waits.
      if (!ended()) await pause.wait(signal).catch(() => undefined);
    }
  }
}

interface Due {
  readonly schedule: Schedule | undefined;
  readonly backoff: Backoff;
  atMs: number;
}

class BackupRun {
  readonly #etcd: Etcd;
  readonly #repository: BackupRepository;
  readonly #options: BackupRunOptions;
  readonly #due = new Map<BackupTask, Due>();
  readonly #tasks = new Map<BackupTask, TaskStatus>();
  #newestFull: Backup | undefined;
  #newestDelta: Backup | undefined;
  #covered: bigint | undefined;
  #revision: bigint | undefined;
  #writtenBytes = 0;
  #lastDrill: DrillReport | undefined;

  constructor(etcd: Etcd, repository: BackupRepository, options: BackupRunOptions) {
    this.#etcd = etcd;
    this.#repository = repository;
    this.#options = options;
    const { full = "0 3 * * *", delta = "5m", verify = "0 4 * * 6", drill: drills = "0 5 * * 0" } = options;
    const texts: Readonly<Record<BackupTask, string>> = { full, delta, prune: "", verify, drill: drills };
    for (const task of backupTasks) {
      const schedule = texts[task] === "" ? undefined : parseSchedule(texts[task], task);
      const backoff = new Backoff(retry, etcd.clock, etcd.random);
      this.#due.set(task, { schedule, backoff, atMs: Number.POSITIVE_INFINITY });
      this.#tasks.set(task, nothingYet);
    }
  }

  status(leading: boolean): BackupRunStatus {
    const tasks = Object.fromEntries(this.#tasks) as Record<BackupTask, TaskStatus>;
    return {
      leading,
      newestFullMs: timeOf(this.#newestFull),
      newestDeltaMs: timeOf(this.#newestDelta),
      coveredRevision: this.#covered?.toString(),
      revisionLag:
        this.#revision === undefined || this.#covered === undefined
          ? undefined
          : Math.max(0, Number(this.#revision - this.#covered)),
      writtenBytes: this.#writtenBytes,
      tasks,
      lastDrill: this.#lastDrill,
    };
  }

  /** Runs due tasks until the signal ends it. */
  async *lead(signal: AbortSignal | undefined): AsyncGenerator<BackupRunEvent, void, undefined> {
    const { clock } = this.#etcd;
    const ended = (): boolean => signal?.aborted === true;
    await this.#plan();
    while (!ended()) {
      const [task, due] = [...this.#due].reduce((a, b) => (b[1].atMs < a[1].atMs ? b : a));
      const waitMs = due.atMs - clock.nowMs();
      if (waitMs > 0) {
        await clock.sleep(Math.min(waitMs, longestSleepMs), signal).catch(() => undefined);
        continue;
      }
      const startedMs = clock.monotonicMs();
      try {
        const what = await this.#do(task, signal);
        const durationMs = Math.round(clock.monotonicMs() - startedMs);
        due.backoff.reset();
        due.atMs = due.schedule?.next(clock.nowMs()) ?? Number.POSITIVE_INFINITY;
        if (task === "full" && this.#options.keep !== undefined) this.#at("prune", clock.nowMs());
        this.#note(task, { durationMs });
        yield { type: "done", task, what, durationMs, status: this.status(true) };
      } catch (error) {
        if (ended()) return;
        const retryMs = due.backoff.next();
        due.atMs = clock.nowMs() + retryMs;
        this.#note(task, { error });
        yield { type: "failed", task, error, retryMs: Math.round(retryMs), status: this.status(true) };
      }
    }
  }

  /** Plans from the recorded backups: what was missed is due now. */
  async #plan(): Promise<void> {
    const nowMs = this.#etcd.clock.nowMs();
    // If the repository cannot be read, the first full backup fails and reports it.
    await this.#look().catch(() => undefined);
    for (const due of this.#due.values()) due.atMs = due.schedule?.next(nowMs) ?? Number.POSITIVE_INFINITY;
    const fullMs = timeOf(this.#newestFull);
    const missed = fullMs === undefined ? nowMs : (this.#due.get("full")?.schedule?.next(fullMs) ?? nowMs);
    if (missed <= nowMs) this.#at("full", nowMs);
    else if (this.#due.get("delta")?.schedule !== undefined) this.#at("delta", nowMs);
  }

  #at(task: BackupTask, ms: number): void {
    const due = this.#due.get(task);
    if (due !== undefined) due.atMs = ms;
  }

  async #do(task: BackupTask, signal: AbortSignal | undefined): Promise<string> {
    switch (task) {
      case "full":
        return this.#took(await this.#repository.backup(this.#etcd, { signal }));
      case "delta": {
        const outcome = await this.#repository.delta(this.#etcd, { signal }).catch((error: unknown) => {
          if (chainIsOver(error)) return this.#repository.backup(this.#etcd, { signal });
          throw error;
        });
        if (outcome !== undefined) return this.#took(outcome);
        await this.#look();
        return "nothing was written since the last backup";
      }
      case "prune": {
        const { keep } = this.#options;
        if (keep === undefined) return "everything stays";
        const { removed, chunks } = await this.#repository.prune(keep, { signal });
        return `${removed.length} backups and ${chunks} chunks removed`;
      }
      case "verify": {
        const { ok, problems } = await this.#repository.verify({ signal });
        if (!ok) throw new Error(`the repository is damaged: ${problems[0]?.what ?? "no reason was given"}`);
        return "every chunk is as it was written";
      }
      case "drill": {
        this.#lastDrill = await drill(this.#repository, { binary: this.#options.binary, signal });
        const { ok, problems, revision, restoreMs } = this.#lastDrill;
        if (!ok) throw new Error(`the drill failed: ${problems[0]?.what ?? "no reason was given"}`);
        return `revision ${revision} restored in ${restoreMs} ms, booted and compared`;
      }
    }
  }

  #took({ backup, newBytes }: BackupOutcome): string {
    this.#writtenBytes += newBytes;
    if (backup.kind === "full") this.#newestFull = backup;
    else this.#newestDelta = backup;
    this.#covered = BigInt(backup.lastRevision);
    this.#revision = this.#etcd.kv.highestRevision;
    return `${backup.id}: revision ${backup.lastRevision}, ${newBytes} bytes new`;
  }

  async #look(): Promise<void> {
    const backups = await this.#repository.list();
    const newest = (kind: Backup["kind"]): Backup | undefined =>
      backups.findLast((backup) => backup.kind === kind);
    this.#newestFull = newest("full");
    this.#newestDelta = newest("delta");
    const last = backups.at(-1);
    this.#covered = last === undefined ? undefined : BigInt(last.lastRevision);
    this.#revision = this.#etcd.kv.highestRevision;
  }

  #note(task: BackupTask, outcome: { readonly durationMs: number } | { readonly error: unknown }): void {
    const before = this.#tasks.get(task) ?? nothingYet;
    const after: TaskStatus =
      "error" in outcome
        ? { ...before, failed: before.failed + 1, lastError: messageOf(outcome.error) }
        : {
            ...before,
            succeeded: before.succeeded + 1,
            lastSuccessMs: this.#etcd.clock.nowMs(),
            lastDurationMs: outcome.durationMs,
            lastError: undefined,
          };
    this.#tasks.set(task, after);
  }
}

const nothingYet: TaskStatus = {
  succeeded: 0,
  failed: 0,
  lastSuccessMs: undefined,
  lastDurationMs: undefined,
  lastError: undefined,
};

function timeOf(backup: Backup | undefined): number | undefined {
  return backup === undefined ? undefined : Date.parse(backup.createdAt);
}
