/**
 * One etcd child process: started, monitored, paused, killed, and never left running.
 *
 * `startLocalEtcd` and `startLocalCluster` are built on it. Output goes to a file, not to a pipe, so that a busy
 * or stopped parent never blocks etcd in a log write. Next to etcd runs a guardian, a shell that waits on a pipe:
 *
 *   parent --pipe--> guardian: "done"      etcd has ended normally, exit
 *          --EOF---> guardian              the parent is gone for any reason (SIGKILL included):
 *                                          SIGTERM, then SIGKILL to etcd, and the run folder is removed
 *
 * etcd runs in its own session: Ctrl-C reaches the parent only, which can still close its store normally.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile, rm } from "node:fs/promises";
import { get } from "node:http";
import type { CallScope } from "../../base/call.ts";
import { type Clock, systemClock } from "../../base/time/clock.ts";
import { StoreError } from "../../errors.ts";
import { type Exit, startFailure } from "./local-failures.ts";

/** How long etcd may take to end after SIGTERM; transferring leadership takes about a second. */
const stopTimeoutMs = 10_000;
/** Time between checks of a starting etcd: it serves 0.2 to 0.7 s after its start. */
const pollMs = 25;
/** Log lines in error messages: a wrong flag is reported in the first lines, everything else in the last. */
const logHeadLines = 2;
const logTailLines = 12;

const guardianScript = `
if read -r word; then exit 0; fi
kill -CONT "$1"; kill -TERM "$1"
for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" || break; sleep 0.3; done
kill -KILL "$1"
if [ -n "$2" ]; then rm -rf -- "$2"; fi
`;

export interface LocalProcessOptions {
  readonly binary: string;
  readonly args: readonly string[];
  /** Holds the log; removed by the guardian if the parent dies. */
  readonly runDir: string;
  readonly logFile: string;
  /** Plaintext loopback address that serves /health and /metrics, independent of the client port's TLS and auth. */
  readonly metricsUrl: string;
  readonly clock?: Clock | undefined;
}

export class LocalProcess {
  readonly pid: number;
  /** Resolves when the process has ended, for any reason. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #guardian: ChildProcess;
  readonly #options: LocalProcessOptions;
  readonly #clock: Clock;
  #exit: Exit | undefined;
  #paused = false;

  private constructor(
    child: ChildProcess & { readonly pid: number },
    guardian: ChildProcess,
    options: LocalProcessOptions,
  ) {
    this.#child = child;
    this.#guardian = guardian;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.pid = child.pid;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#exit = { code, signal };
        this.#dismissGuardian();
        resolve(this.#exit);
      });
    });
  }

  /** Starts the program; it does not serve yet. */
  static async start(options: LocalProcessOptions): Promise<LocalProcess> {
    const log = await open(options.logFile, "a");
    try {
      const child = spawn(options.binary, options.args, {
        stdio: ["ignore", log.fd, log.fd],
        detached: true,
        env: withoutEtcdVariables(),
      });
      const failed = new Promise<Error>((resolve) => child.once("error", resolve));
      if (!hasPid(child)) {
        throw new StoreError(
          "UNAVAILABLE",
          `Cannot start etcd: "${options.binary}": ${(await failed).message}`,
          {
            retryAfterMs: 1000,
            reason: "start failed",
          },
        );
      }
      const guardian = spawn(
        "/bin/sh",
        ["-c", guardianScript, "keelson-guardian", `${child.pid}`, options.runDir],
        {
          stdio: ["pipe", "ignore", "ignore"],
          detached: true,
        },
      );
      // Without a shell etcd still runs, but ends only with stop() and kill().
      guardian.on("error", () => {});
      guardian.stdin?.on("error", () => {});
      guardian.unref();
      return new LocalProcess(child, guardian, options);
    } finally {
      await log.close();
    }
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /**
   * Waits until etcd answers: it has a leader and its client port accepts requests.
   * @throws UNAVAILABLE or INVALID_ARGUMENT with the cause and the last log lines when it ends first; the reason of `scope`
   */
  async serving(scope: CallScope, dataDir: string): Promise<void> {
    for (;;) {
      if (this.#exit !== undefined) throw startFailure(await this.log(), this.#exit, dataDir);
      if (await isServing(this.#options.metricsUrl)) {
        // From here on a program that never stops its etcd can still exit; the guardian then ends etcd.
        this.#child.unref();
        return;
      }
      const log = await this.log();
      if (log.some((line) => line.includes("is flocked by another process"))) {
        throw startFailure(log, undefined, dataDir);
      }
      await this.#clock.sleep(pollMs, scope.signal);
    }
  }

  /** The first and the last log lines, oldest first. */
  async log(): Promise<readonly string[]> {
    const text = await readFile(this.#options.logFile, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    if (lines.length <= logHeadLines + logTailLines) return lines;
    return [...lines.slice(0, logHeadLines), "…", ...lines.slice(-logTailLines)];
  }

  /** SIGSTOP: sockets stay open and get no answer. Resolves when it has stopped, if the system shows it (Linux). */
  async pause(): Promise<void> {
    if (!this.running) return;
    this.#paused = this.#child.kill("SIGSTOP");
    while (this.running && this.#paused) {
      const state = await readFile(`/proc/${this.pid}/stat`, "utf8").catch(() => ") T");
      // 4711 (etcd) T 1 …
      if (/\) T/.test(state)) return;
      await this.#clock.sleep(1);
    }
  }

  /** SIGCONT. */
  resume(): void {
    if (this.running) this.#child.kill("SIGCONT");
    this.#paused = false;
  }

  /** SIGTERM, then SIGKILL if that takes too long; resolves when it has ended. */
  async stop(): Promise<Exit> {
    if (this.running) {
      if (this.#paused) this.resume();
      this.#child.ref();
      this.#child.kill("SIGTERM");
      const timer = this.#clock.setTimer(stopTimeoutMs, () => this.#child.kill("SIGKILL"));
      await this.exited;
      timer.cancel();
    }
    return this.exited;
  }

  /** SIGKILL; resolves when it has ended. */
  async kill(): Promise<Exit> {
    if (this.running) {
      this.#child.ref();
      this.#child.kill("SIGKILL");
    }
    return this.exited;
  }

  /** Ends the guardian too: it has no process left to watch. */
  #dismissGuardian(): void {
    this.#guardian.stdin?.end("done\n");
  }
}

/** Removes a run folder; a second call finds nothing to do. */
export async function removeRunDir(runDir: string): Promise<void> {
  await rm(runDir, { recursive: true, force: true, maxRetries: 3 });
}

function hasPid(child: ChildProcess): child is ChildProcess & { readonly pid: number } {
  return child.pid !== undefined;
}

/** ETCD_* variables configure etcd itself: those of the environment must not reach this one. */
function withoutEtcdVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ETCD_/.test(name)));
}

/** An alarm (no space) makes /health false although etcd serves reads and deletes, so a leader is enough then. */
async function isServing(metricsUrl: string): Promise<boolean> {
  const health = await httpGet(`${metricsUrl}/health`);
  if (health?.status === 200) return true;
  if (health === undefined || !health.body.includes('"health":"false"')) return false;
  const metrics = await httpGet(`${metricsUrl}/metrics`);
  return metrics !== undefined && /^etcd_server_has_leader 1$/m.test(metrics.body);
}

function httpGet(url: string): Promise<{ readonly status: number; readonly body: string } | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 2000 }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      );
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}
