/**
 * A measured layer, as a process with commands on standard input: one JSON command per line, one JSON answer per line,
 * `{"ready":true}` first. It is started as `<program> <endpoint of etcd> <prefix>`.
 *
 * keelson's is layer/keelson.ts. The peer of the table is Kubernetes' own layer in Go (k8s.io/apiserver, storage/etcd3
 * and storage/cacher): a short program that answers the same commands, named by LAYER_PEER. It is not part of this
 * project. Times are those of CLOCK_MONOTONIC, milliseconds, so that those of two processes can be compared.
 *
 *   create  from, to, inFlight            items [from, to), one call each
 *   load    from, to                      the same, as fast as it can
 *   get     objects, inFlight, ms         from etcd
 *   open, close                           the cache that the works below read
 *   update  objects, inFlight, ms         read from the cache, changed, written
 *   contend inFlight, ms                  the same of one object; `tries` counts attempts
 *   list, label  ms                       all, and one object in a hundred by a label, from the cache
 *   cached-get   objects, ms              an operation is 100 gets
 *   fill                                  opens one more cache, and closes it; the operations are its objects
 *   watch   watchers                      of the cache; ten of them note when each version came
 *   told                                  when nothing comes any more, ends them: `seen`, and the events as operations
 *   write   objects, inFlight, ms         from a second process: `log` has version, sent and acknowledged of each write
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface LayerCommand {
  readonly work: string;
  readonly from?: number;
  readonly to?: number;
  readonly objects?: number;
  readonly inFlight?: number;
  readonly ms?: number;
  readonly watchers?: number;
}

export interface LayerAnswer {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Number of attempts of guaranteed updates. */
  readonly tries?: number;
  readonly log?: readonly (readonly [version: string, sentMs: number, acknowledgedMs: number])[];
  /** When watchers received a version. */
  readonly seen?: Readonly<Record<string, readonly number[]>>;
  readonly error?: string;
}

export class LayerProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess, answers: AsyncIterator<string>) {
    this.#child = child;
    this.#answers = answers;
    this.pid = child.pid ?? 0;
  }

  static async start(command: readonly string[], endpoint: string, prefix: string): Promise<LayerProcess> {
    const [program = "", ...args] = command;
    const child = spawn(program, [...args, endpoint, prefix], { stdio: ["pipe", "pipe", "inherit"] });
    await once(child, "spawn");
    if (child.stdout === null) throw new Error(`${program} has no output`);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await answers.next();
    return new LayerProcess(child, answers);
  }

  /** @throws Error with the process's message for a failed command */
  async ask(command: LayerCommand): Promise<LayerAnswer> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const line = await this.#answers.next();
    if (line.done === true) throw new Error(`The layer ended while it was asked to ${command.work}`);
    const answer = JSON.parse(line.value) as LayerAnswer;
    if (answer.error !== undefined) throw new Error(`${command.work}: ${answer.error}`);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill();
    await exit;
  }
}
