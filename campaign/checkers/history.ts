/**
 * The history of a run: the calls and results of every client, the contents of watches, caches and quotas, the faults,
 * and etcd's own log. It has one JSON object per line, so that each process writes its own file and a killed one loses
 * only its last call.
 *
 *   calls     one line a call, written when it returned; `invoke` before it where the process may be killed
 *   streams   stream-open · stream-batch … · stream-end
 *   samples   cache · quota · resources · member (all of a run's end, some of its middle)
 *   truth     etcd's own events in order, from a raw watch on the first revision; member-log: the same as one digest a member
 *
 * Everyone names keys alike: the full etcd key, e.g. "/registry/widgets/a/w-1"; a list's key is its prefix. Times are
 * nanoseconds since the run's origin on the machine's monotonic clock (`runClock`), the same for all processes. Revisions
 * are bigint here and decimal text in the file. Every value written in a run is unique and so names its write.
 */
import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { isStoreError, type StoreErrorCode } from "keelson";

/** The objects of a list, a watch or a sample: all terms must match; without terms, everything tracked. */
export interface Filter {
  /** Beginning of the etcd key, e.g. "/registry/widgets/a/". */
  readonly prefix?: string | undefined;
  /** One key only. */
  readonly key?: string | undefined;
  /** Labels the object must carry with these values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Selectable fields with these values; an absent field counts as "". */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** One object as a client saw it, or as etcd holds it. */
export interface State {
  readonly key: string;
  /** Mod revision. */
  readonly revision: bigint;
  /** The unique value id its writer gave it. */
  readonly value: string;
  /** `contentHash` of the whole object. */
  readonly hash?: string | undefined;
}

export type WriteOp = "create" | "update" | "guaranteedUpdate" | "delete";
export type Op = WriteOp | "get" | "list" | "deleteCollection";

/** The requested freshness of a read; `revision` with "notOlderThan" and "exact". */
export type Freshness = "linearizable" | "any" | "notOlderThan" | "exact";

/** The request of a call; known before it is sent. */
export interface CallInput {
  /** Unique in the run: pairs `invoke` with `call`. */
  readonly id: string;
  /** Operating system process, e.g. "traffic-1". */
  readonly process: string;
  /** Logical client: strictly sequential, no two calls of it overlap. */
  readonly client: string;
  readonly op: Op;
  /** Who answers: "store", or the name of a cache. */
  readonly via: string;
  readonly key: string;
  /** Unique id of the value to be written. */
  readonly value?: string | undefined;
  /** Mod revision the write is conditional on, 0n for a create; absent: unconditional. */
  readonly guard?: bigint | undefined;
  /** The object expires by itself: its deletions need no author. */
  readonly ttl?: boolean | undefined;
  readonly read?: { readonly freshness: Freshness; readonly revision?: bigint | undefined } | undefined;
  /** Of a list, beside the key as prefix. */
  readonly filter?: Filter | undefined;
  readonly callNs: number;
}

/** Written before a call by a process that may be killed; without its `call` line the outcome is unknown. */
export interface InvokeRecord extends CallInput {
  readonly line: "invoke";
}

/** "ok" and "definite" are claims: applied once, never applied. "unknown" claims nothing. */
export type OutcomeClass = "ok" | "definite" | "unknown";

export interface CallRecord extends CallInput {
  readonly line: "call";
  /** Infinity for a call that never returned; null in the file. */
  readonly returnNs: number;
  /** "ABORTED" for a signal's own reason, "LOST" for a process killed during the call, "FAULT" for any other error. */
  readonly code: "OK" | StoreErrorCode | "ABORTED" | "LOST" | "FAULT";
  readonly class: OutcomeClass;
  /** Write: the returned version. Get: that of the object. List: the list's. */
  readonly revision?: bigint | undefined;
  /** Of a get; absent after NOT_FOUND. */
  readonly found?: State | undefined;
  /** Of a list: its number of items and `digestOf` their values. */
  readonly count?: number | undefined;
  readonly digest?: string | undefined;
  /** Of a list, where few or wanted for diagnosis. */
  readonly items?: readonly State[] | undefined;
  /** Of a guaranteedUpdate: values of attempts before the last; none of them may ever have been stored. */
  readonly earlier?: readonly string[] | undefined;
  /** Of OUTCOME_UNKNOWN: the id by which the caller can settle it. */
  readonly writeId?: string | undefined;
  /** The error's message, for reading. */
  readonly message?: string | undefined;
}

/** A watch begins. `watcher` is one reader over its reconnects: each of them is a separate stream. */
export interface StreamOpenRecord {
  readonly line: "stream-open";
  readonly process: string;
  readonly watcher: string;
  /** Unique in the run. */
  readonly stream: string;
  readonly via: string;
  /** Events after it, exclusive; absent: from now, or with `initial` from the bookmark that ends the initial events. */
  readonly start?: bigint | undefined;
  readonly initial?: boolean | undefined;
  /** Over HTTP an event's version is its object's: a client sees no other. */
  readonly byObject?: boolean | undefined;
  readonly filter: Filter;
  readonly atNs: number;
}

export interface StreamEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly revision: bigint;
  /** Absent of a bookmark. */
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  readonly more?: true | undefined;
  readonly initialEventsEnd?: true | undefined;
}

/** Events in the order given, those of one turn of `batches()` or one event of the loop. */
export interface StreamBatchRecord {
  readonly line: "stream-batch";
  readonly stream: string;
  readonly events: readonly StreamEvent[];
  readonly atNs: number;
}

/** `reason`: "left" (loop left or disposed), "aborted", "timeout", or the code of what was thrown. */
export interface StreamEndRecord {
  readonly line: "stream-end";
  readonly stream: string;
  readonly reason: "left" | "aborted" | "timeout" | StoreErrorCode | "FAULT";
  readonly message?: string | undefined;
  /** Ended by the run itself, after it had waited for everything: no event may be missing up to the truth's end. */
  readonly final?: true | undefined;
  readonly atNs: number;
}

/** A fault from `startNs` to its heal at `endNs`, e.g. kind "F1", name "kill leader", target "m0". */
export interface FaultRecord {
  readonly line: "fault";
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly target: string;
  readonly seed?: string | undefined;
  readonly startNs: number;
  readonly endNs: number;
}

/** What a cache (or a paged etcd range) holds at a revision. */
export interface CacheSample {
  readonly line: "cache";
  readonly cache: string;
  readonly revision: bigint;
  readonly filter: Filter;
  readonly count: number;
  /** `digestOf` the states' values. */
  readonly digest: string;
  /** `digestOf` the states' content hashes. */
  readonly contents?: string | undefined;
  readonly items?: readonly State[] | undefined;
  /** Taken after the last heal: at the end every cache has one such sample at the final revision or later. */
  readonly final?: true | undefined;
  readonly atNs: number;
}

/** A cache has listed again and skipped the versions in between. */
export interface RelistRecord {
  readonly line: "relist";
  readonly cache: string;
  /** The cache's version before. */
  readonly from: bigint;
  /** Its version now, at which the difference is delivered. */
  readonly to: bigint;
  readonly atNs: number;
}

/** One quota at one revision, from etcd's log. */
export interface QuotaSample {
  readonly line: "quota";
  /** Namespace and name of the quota, e.g. "a/default". */
  readonly quota: string;
  /** The amount, e.g. "count/widgets". */
  readonly amount: string;
  readonly revision: bigint;
  /** Summed over live objects. */
  readonly live: number;
  /** Held by the ledger. */
  readonly used: number;
  readonly hard: number;
  /** Reservations without object; must be 0 once `quiet`. */
  readonly reserved?: number | undefined;
  readonly quiet?: true | undefined;
}

/** One change from etcd's own log. */
export interface TruthRecord {
  readonly line: "truth";
  readonly revision: bigint;
  readonly type: "put" | "delete";
  readonly key: string;
  /** Of a put: the value id read out of the stored object. */
  readonly value?: string | undefined;
  readonly hash?: string | undefined;
  readonly createRevision: bigint;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** The whole log of one member as a digest over raw bytes: all members must agree. */
export interface MemberLogRecord {
  readonly line: "member-log";
  readonly member: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly events: number;
  readonly digest: string;
}

/** A member at the end. `compactRevision` and `hash` come from HashKV at one revision for all. */
export interface MemberRecord {
  readonly line: "member";
  readonly member: string;
  readonly version: string;
  readonly revision: bigint;
  readonly hash: number;
  readonly compactRevision: bigint;
  readonly alarms: readonly string[];
}

/** A line of a member's log at level warn or above, or of its standard error. */
export interface ServerLogRecord {
  readonly line: "server-log";
  readonly member: string;
  readonly text: string;
}

/** The state of a member or a client has changed: for time lines. */
export interface PulseRecord {
  readonly line: "pulse";
  /** "m0", or "kube-0.1 client 0". */
  readonly subject: string;
  readonly state: string;
  readonly atNs: number;
}

/** Counts of one process at one moment; only those that are known. */
export interface ResourceSample {
  readonly line: "resources";
  readonly process: string;
  readonly atNs: number;
  readonly rssBytes?: number | undefined;
  readonly heapBytes?: number | undefined;
  readonly openStreams?: number | undefined;
  readonly queueBytes?: number | undefined;
  readonly sockets?: number | undefined;
  readonly timers?: number | undefined;
  readonly dialsPerSecond?: number | undefined;
  /** Taken after everything was closed: no resource may be left. */
  readonly final?: true | undefined;
}

export type HistoryLine =
  | InvokeRecord
  | CallRecord
  | StreamOpenRecord
  | StreamBatchRecord
  | StreamEndRecord
  | FaultRecord
  | CacheSample
  | RelistRecord
  | QuotaSample
  | TruthRecord
  | MemberLogRecord
  | PulseRecord
  | MemberRecord
  | ServerLogRecord
  | ResourceSample;

/** Where lines go: a file, or an array in a test. */
export interface HistorySink {
  write(line: HistoryLine): void;
}

/** Nanoseconds since `originNs` (`process.hrtime.bigint()` of the process that began the run); exact for 100 days. */
export function runClock(originNs: bigint): () => number {
  return () => Number(process.hrtime.bigint() - originNs);
}

/**
 * The class of what a call rejected with, and its code. A write that fails with UNAVAILABLE or DEADLINE claims "not
 * applied".
 */
export function outcomeOf(error: unknown): Pick<CallRecord, "code" | "class" | "message" | "writeId"> {
  if (isStoreError(error, "OUTCOME_UNKNOWN")) {
    const { code, message, details } = error;
    return { code, class: "unknown", message, writeId: details.writeId };
  }
  if (isStoreError(error)) return { code: error.code, class: "definite", message: error.message };
  const message = String(error);
  const aborted = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  return { code: aborted ? "ABORTED" : "FAULT", class: "unknown", message };
}

/** Fields that hold revisions: bigint in memory, decimal text in the file. */
const revisionFields: ReadonlySet<string> = new Set([
  "revision",
  "guard",
  "start",
  "createRevision",
  "compactRevision",
  "from",
  "to",
]);

const decimal = /^\d+$/;

export function formatLine(line: HistoryLine): string {
  return JSON.stringify(line, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
}

/** @throws SyntaxError for a line that is cut */
export function parseLine(text: string): HistoryLine {
  const line = JSON.parse(text, (field, value: unknown) => {
    if (typeof value === "string" && revisionFields.has(field) && decimal.test(value)) return BigInt(value);
    // JSON has no infinity.
    return value === null && field === "returnNs" ? Number.POSITIVE_INFINITY : value;
  }) as HistoryLine;
  return line;
}

/** Appends to a file. Each line goes to the kernel at once, so a SIGKILL of the process loses none. */
export class HistoryFile implements HistorySink, Disposable {
  readonly #file: number;
  #closed = false;

  /** Creates the file, or appends to it. */
  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  write(line: HistoryLine): void {
    if (!this.#closed) writeSync(this.#file, `${formatLine(line)}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }
}

/** Collects lines in memory. */
export class HistoryList implements HistorySink {
  readonly lines: HistoryLine[] = [];

  write(line: HistoryLine): void {
    this.lines.push(line);
  }
}

/**
 * The lines of several files, one file after the other. A last line cut short by a kill is passed over; any other
 * damage is an error.
 */
export async function* readHistory(paths: readonly string[]): AsyncGenerator<HistoryLine, void> {
  for (const path of paths) {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    let damage: Error | undefined;
    for await (const text of lines) {
      if (damage !== undefined) throw damage;
      if (text === "") continue;
      try {
        yield parseLine(text);
      } catch (error) {
        damage = new Error(`Cannot read "${path}": a line is no history: ${text.slice(0, 80)}`, {
          cause: error,
        });
      }
    }
  }
}
