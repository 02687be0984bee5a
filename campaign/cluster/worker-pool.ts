/** The campaign's worker processes: starts, counts, pauses, kills, restarts and finishes them. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromWorker, ToWorker, WorkerConfig } from "../traffic/worker-protocol.ts";

export type WorkerPlan = Omit<WorkerConfig, "incarnation" | "historyFile">;

const program = fileURLToPath(new URL(`../traffic/worker${import.meta.url.slice(-3)}`, import.meta.url));
/** A start includes a connection and a store, perhaps under faults. */
const readyWithinMs = 120_000;
const endWithinMs = 240_000;

export class WorkerPool implements AsyncDisposable {
  readonly workers: readonly Worker[];

  constructor(plans: readonly WorkerPlan[], folder: string) {
    this.workers = plans.map((plan) => new Worker(plan, folder));
  }

  async start(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.start()));
  }

  /** Over all workers and their incarnations. */
  get counts(): { readonly calls: number; readonly ok: number; readonly unknown: number } {
    const total = { calls: 0, ok: 0, unknown: 0 };
    for (const { counts } of this.workers) {
      total.calls += counts.calls;
      total.ok += counts.ok;
      total.unknown += counts.unknown;
    }
    return total;
  }

  get historyFiles(): readonly string[] {
    return this.workers.flatMap(({ historyFiles }) => historyFiles);
  }

  /** All clients stop; readers continue. */
  async quiet(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.ask({ type: "quiet" }, "quiet")));
  }

  /** Readers that have not seen the revision in time, by name. */
  async finish(revision: bigint, withinMs: number): Promise<readonly string[]> {
    const answers = await Promise.all(
      this.workers.map((worker) =>
        worker.ask({ type: "finish", revision: `${revision}`, withinMs }, "finished"),
      ),
    );
    await Promise.all(this.workers.map((worker) => worker.ended()));
    return answers.flatMap(({ late }) => late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()));
  }
}

export class Worker {
  readonly plan: WorkerPlan;
  readonly historyFiles: string[] = [];
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #incarnation = -1;
  /** Of earlier incarnations. */
  #past = { calls: 0, ok: 0, unknown: 0 };
  #now = { calls: 0, ok: 0, unknown: 0 };
  /** Set while it was killed deliberately. */
  #killed = false;
  #failure: string | undefined;

  constructor(plan: WorkerPlan, folder: string) {
    this.plan = plan;
    this.#folder = folder;
  }

  get counts(): { readonly calls: number; readonly ok: number; readonly unknown: number } {
    const [past, now] = [this.#past, this.#now];
    return { calls: past.calls + now.calls, ok: past.ok + now.ok, unknown: past.unknown + now.unknown };
  }

  /** Its name in the history: the process's name and its incarnation. */
  get process(): string {
    return `${this.plan.name}.${this.#incarnation}`;
  }

  /** Why it ended unexpectedly, if it did. */
  get failure(): string | undefined {
    return this.#failure;
  }

  async start(): Promise<void> {
    this.#incarnation++;
    const { name } = this.plan;
    const historyFile = join(this.#folder, `${name}.${this.#incarnation}.ndjson`);
    this.historyFiles.push(historyFile);
    const { calls, ok, unknown } = this.counts;
    this.#past = { calls, ok, unknown };
    this.#now = { calls: 0, ok: 0, unknown: 0 };
    this.#killed = false;
    const config: WorkerConfig = { ...this.plan, incarnation: this.#incarnation, historyFile };
    const child = fork(program, [JSON.stringify(config)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    child.on("message", (message: FromWorker) => {
      if (message.type === "counts") {
        const { calls: c, ok: o, unknown: u } = message;
        this.#now = { calls: c, ok: o, unknown: u };
      }
    });
    child.on("exit", (code, signal) => {
      if (this.#killed || code === 0) return;
      this.#failure ??= `${name}.${this.#incarnation} ended by itself: ${signal ?? `code ${code}`}`;
    });
    await this.#hear("ready", readyWithinMs);
  }

  send(message: ToWorker): void {
    this.#child?.send(message);
  }

  async ask<Type extends FromWorker["type"]>(
    message: ToWorker,
    answer: Type,
  ): Promise<FromWorker & { readonly type: Type }> {
    const heard = this.#hear(answer, endWithinMs);
    this.send(message);
    return await heard;
  }

  /** SIGSTOP. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#killed = true;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, "exit");
  }

  async #hear<Type extends FromWorker["type"]>(
    type: Type,
    withinMs: number,
  ): Promise<FromWorker & { readonly type: Type }> {
    const child = this.#child;
    if (child === undefined) throw new Error(`${this.plan.name} is not running`);
    return await new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
      };
      const onMessage = (message: FromWorker): void => {
        if (message.type === "failed") {
          end();
          reject(new Error(`${this.plan.name} failed: ${message.message}`));
        } else if (isOf(message, type)) {
          end();
          resolve(message);
        }
      };
      const onExit = (): void => {
        end();
        reject(new Error(`${this.plan.name} ended before it said "${type}"`));
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${this.plan.name} has not said "${type}" within ${withinMs} ms`));
      }, withinMs);
      child.on("message", onMessage);
      child.on("exit", onExit);
    });
  }
}

function isOf<Type extends FromWorker["type"]>(
  message: FromWorker,
  type: Type,
): message is FromWorker & { readonly type: Type } {
  return message.type === type;
}
