/**
 * A real etcd as a child process, for tests, tools, tours and proofs of snapshots.
 *
 * It listens on the loopback only, ends with this process however that ends (local-process.ts), and keeps its data
 * in a temporary folder that is removed with it, or in `dataDir`, which is kept. `startLocalCluster` (local-cluster.ts)
 * starts clusters of several members.
 */
import { constants } from "node:fs";
import { access, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { makeDirectory } from "../../base/make-directory.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { messageOf } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import { dataVersion, isNewerLine } from "./data-version.ts";
import { type EtcdBinary, findEtcd } from "./find-etcd.ts";
import { dataDirLocked, dataDirNewer, type Exit, lockHolder } from "./local-failures.ts";
import { freePort } from "./local-ports.ts";
import { LocalProcess, removeRunDir } from "./local-process.ts";

/** Options of `startLocalEtcd`. */
export interface LocalEtcdOptions extends Call {
  /** Kept, and opened again by a later start. Default: a temporary folder that is removed by `stop()`. */
  readonly dataDir?: string | undefined;
  /** Default: a free port. */
  readonly clientPort?: number | undefined;
  /** Default: a free port. */
  readonly peerPort?: number | undefined;
  /** Path of the `etcd` program. Default: KEELSON_ETCD, PATH, the project's cache. */
  readonly binary?: string | undefined;
  /** Appended to the command line, so they override what is set here, e.g. `--quota-backend-bytes=16777216`. */
  readonly extraArgs?: readonly string[] | undefined;
}

const localNames: NamesOf<LocalEtcdOptions> = {
  ...callNames,
  dataDir: "text",
  clientPort: "number",
  peerPort: "number",
  binary: "text",
  extraArgs: "array",
};

/** A running etcd. The caller that started it stops it; otherwise it ends with the process. */
export interface LocalEtcd extends AsyncDisposable {
  /** Client URLs, e.g. `["http://127.0.0.1:41327"]`; https when `--cert-file` is among the extra arguments. */
  readonly endpoints: readonly string[];
  /** The program's version, e.g. "3.5.16". */
  readonly version: string;
  /** Its data directory. */
  readonly dataDir: string;
  /** Process id; a new one after `restart()`. */
  readonly pid: number;
  /** Port for clients, on 127.0.0.1. */
  readonly clientPort: number;
  /** Port for other members, on 127.0.0.1. */
  readonly peerPort: number;
  /** The process runs, paused or not. */
  readonly running: boolean;
  /** Resolves when the process has ended, for any reason. */
  readonly exited: Promise<Exit>;
  /** Ends it normally (SIGTERM, SIGKILL after 10 s) and removes a temporary data directory. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL: the data directory stays, even a temporary one, until `stop()` or the end of this process. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and get no answer. Resolves when the process has stopped. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
  /** Starts it again on the same ports and data after `stop()` of a kept directory or `kill()`; resolves when it serves. */
  restart(options?: Call): Promise<void>;
  /** The first and last lines etcd has logged (level "warn" and above unless `extraArgs` say otherwise). */
  log(): Promise<readonly string[]>;
}

/** Settings of a cluster member that a single etcd does not have. */
export interface MemberPlan {
  readonly name: string;
  /** `name=url,…` of all members. */
  readonly initialCluster: string;
  readonly advertisePeerUrl: string;
  readonly advertiseClientUrl: string;
  readonly token: string;
}

/** Default limit of the start; a large data directory takes seconds, a loaded machine longer. */
const startTimeoutMs = 60_000;
/** Mode of the folders created here: etcd warns about a data directory that others can read. */
const ownerOnly = 0o700;
/** Attempts with other ports when another program has taken one chosen here. */
const portAttempts = 5;

/**
 * Starts an etcd and resolves when it serves.
 * @throws UNAVAILABLE for: no etcd program, a port taken, a data directory locked or of a newer version, a
 *   failed start (with its last log lines); INVALID_ARGUMENT for a wrong option; DEADLINE after `timeoutMs` (default 60 s)
 */
export async function startLocalEtcd(options: LocalEtcdOptions = {}): Promise<LocalEtcd> {
  checkOptions(options, "start etcd", localNames);
  const chosenHere = options.clientPort === undefined || options.peerPort === undefined;
  for (let attempt = 1; ; attempt++) {
    const local = await prepareLocalEtcd(options);
    try {
      await local.restart({ signal: options.signal, timeoutMs: options.timeoutMs });
      return local;
    } catch (error) {
      await local.stop();
      const portTaken = isStoreError(error, "UNAVAILABLE") && error.details.reason === "port taken";
      if (!(portTaken && chosenHere && attempt < portAttempts)) throw error;
    }
  }
}

/** Ports, folders and program of an etcd that is not started yet. For `startLocalCluster`, which must know all ports first. */
export async function prepareLocalEtcd(options: LocalEtcdOptions): Promise<LocalInstance> {
  for (const name of ["clientPort", "peerPort"] as const) {
    const port = options[name];
    if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
      throw invalidArgument(name, `Cannot start etcd: ${name} is ${port}, expected 1 to 65535`);
    }
  }
  // "" would mean the working directory.
  const { dataDir } = options;
  if (dataDir !== undefined && (typeof dataDir !== "string" || dataDir === "" || dataDir.includes("\0"))) {
    throw invalidArgument("dataDir", `Cannot start etcd: dataDir is ${quote(dataDir)}, expected a path`);
  }
  const binary = await findEtcd(options);
  const runDir = await mkdtemp(join(tmpdir(), "keelson-etcd-"));
  return new LocalInstance({
    binary,
    runDir,
    dataDir: dataDir === undefined ? join(runDir, "data") : resolve(dataDir),
    clientPort: options.clientPort ?? (await freePort()),
    peerPort: options.peerPort ?? (await freePort()),
    extraArgs: options.extraArgs ?? [],
  });
}

interface InstanceFacts {
  readonly binary: EtcdBinary;
  readonly runDir: string;
  readonly dataDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly extraArgs: readonly string[];
}

/** A `LocalEtcd` over its successive processes; `plan` makes it a member of a cluster. */
export class LocalInstance implements LocalEtcd {
  readonly endpoints: readonly string[];
  readonly version: string;
  readonly dataDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Set before the first start of a cluster member. */
  plan: MemberPlan | undefined;
  readonly #facts: InstanceFacts;
  #process: LocalProcess | undefined;

  constructor(facts: InstanceFacts) {
    this.#facts = facts;
    this.version = facts.binary.version;
    this.dataDir = facts.dataDir;
    this.clientPort = facts.clientPort;
    this.peerPort = facts.peerPort;
    const secure = facts.extraArgs.some((arg) => /^--?cert-file\b/.test(arg));
    this.endpoints = [`${secure ? "https" : "http"}://127.0.0.1:${facts.clientPort}`];
  }

  get pid(): number {
    return this.#started().pid;
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  get exited(): Promise<Exit> {
    return this.#started().exited;
  }

  async restart(options: Call = {}): Promise<void> {
    checkOptions(options, "start etcd", callNames);
    const { signal, timeoutMs = startTimeoutMs } = options;
    using scope = new CallScope({ signal, timeoutMs }, systemClock, "start etcd");
    await this.launch();
    await this.serving(scope);
  }

  /** Starts the process without waiting for it to serve: a member serves only once a majority runs. */
  async launch(): Promise<void> {
    if (this.running) {
      throw invalidArgument("etcd", `Cannot start etcd: it is running as process ${this.pid}, expected none`);
    }
    const { dataDir, runDir, binary } = this.#facts;
    // After stop() the folder is gone; a restart needs it again.
    await makeDirectory(runDir, ownerOnly);
    try {
      await makeDirectory(dataDir, ownerOnly);
      await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const reason = messageOf(error);
      throw invalidArgument("dataDir", `Cannot start etcd: data directory ${quote(dataDir)}: ${reason}`);
    }
    const holder = await lockHolder(dataDir);
    if (holder !== undefined) throw dataDirLocked(dataDir, holder);
    const data = await dataVersion(dataDir);
    if (data !== undefined && isNewerLine(data, binary.version)) {
      throw dataDirNewer(dataDir, binary.version, data);
    }
    const metricsUrl = `http://127.0.0.1:${await freePort()}`;
    this.#process = await LocalProcess.start({
      binary: binary.path,
      args: this.#args(metricsUrl),
      runDir,
      // One log per start: an error quotes the lines of the start that failed.
      logFile: join(runDir, `etcd-${systemClock.monotonicMs()}.log`),
      metricsUrl,
    });
  }

  async serving(scope: CallScope): Promise<void> {
    const process = this.#started();
    try {
      await process.serving(scope, this.dataDir);
    } catch (error) {
      const log = await process.log();
      await process.kill();
      if (!isStoreError(error, "DEADLINE")) throw error;
      throw new StoreError(
        "DEADLINE",
        `${error.message}; its last log lines:\n${log.join("\n")}`,
        error.details,
        {
          cause: error,
        },
      );
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    await removeRunDir(this.#facts.runDir);
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async pause(): Promise<void> {
    await this.#started().pause();
  }

  resume(): void {
    this.#started().resume();
  }

  async log(): Promise<readonly string[]> {
    return (await this.#process?.log()) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #started(): LocalProcess {
    if (this.#process === undefined) {
      throw new StoreError("CLOSED", "Cannot reach etcd: it has not been started", { what: "etcd" });
    }
    return this.#process;
  }

  #args(metricsUrl: string): readonly string[] {
    const { dataDir, clientPort, peerPort, extraArgs } = this.#facts;
    const [clientUrl = ""] = this.endpoints;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const plan = this.plan ?? {
      name: "default",
      initialCluster: `default=${peerUrl}`,
      advertisePeerUrl: peerUrl,
      advertiseClientUrl: clientUrl,
      token: "keelson-local",
    };
    return [
      `--name=${plan.name}`,
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${clientUrl.replace(/:\d+$/, `:${clientPort}`)}`,
      `--advertise-client-urls=${plan.advertiseClientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${plan.advertisePeerUrl}`,
      `--initial-cluster=${plan.initialCluster}`,
      `--initial-cluster-token=${plan.token}`,
      `--listen-metrics-urls=${metricsUrl}`,
      "--logger=zap",
      "--log-level=warn",
      ...extraArgs,
    ];
  }
}
