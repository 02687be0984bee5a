/**
 * A whole run in memory, indexed for the checkers. It needs about 0.4 KB per call: a million calls fit into a test
 * process.
 *
 * It also computes the two real-time bounds that all checks use:
 *   floor(t)    the highest revision reported before t: a call that begins at t must not be older
 *   ceiling(t)  the lowest revision of an applied write that began after t: a call that ended by t cannot have seen it
 */
import type {
  CacheSample,
  CallRecord,
  FaultRecord,
  HistoryLine,
  InvokeRecord,
  MemberLogRecord,
  MemberRecord,
  PulseRecord,
  QuotaSample,
  RelistRecord,
  ResourceSample,
  ServerLogRecord,
  StreamEndRecord,
  StreamEvent,
  StreamOpenRecord,
  TruthRecord,
} from "./history.ts";
import { TruthLog } from "./truth-log.ts";

export interface StreamHistory {
  readonly open: StreamOpenRecord;
  readonly events: readonly StreamEvent[];
  readonly end: StreamEndRecord | undefined;
}

/** Higher than any revision. */
export const endlessRevision: bigint = 2n ** 63n;

export class RunHistory {
  /** By the time they began; a call whose process died is one of class "unknown" that never returned. */
  readonly calls: readonly CallRecord[];
  readonly streams: readonly StreamHistory[];
  readonly faults: readonly FaultRecord[];
  readonly caches: readonly CacheSample[];
  readonly relists: readonly RelistRecord[];
  readonly quotas: readonly QuotaSample[];
  readonly memberLogs: readonly MemberLogRecord[];
  readonly members: readonly MemberRecord[];
  readonly serverLogs: readonly ServerLogRecord[];
  readonly resources: readonly ResourceSample[];
  /** In order of time. */
  readonly pulses: readonly PulseRecord[];
  readonly truth: TruthLog;
  /** Times of responses with a revision, rising, with the highest revision returned by then. */
  readonly #reportedNs: Float64Array;
  readonly #reported: bigint[] = [];
  /** Times at which applied writes began, rising, with the lowest revision of those from there on. */
  readonly #begunNs: Float64Array;
  readonly #begun: bigint[];

  constructor(lines: Iterable<HistoryLine>) {
    const sorted = new Sorted();
    for (const line of lines) sorted.take(line);
    this.calls = sorted.allCalls();
    this.streams = [...sorted.streams.values()];
    this.faults = sorted.faults.sort((a, b) => a.startNs - b.startNs);
    this.caches = sorted.caches;
    this.relists = sorted.relists;
    this.quotas = sorted.quotas;
    this.memberLogs = sorted.memberLogs;
    this.members = sorted.members;
    this.serverLogs = sorted.serverLogs;
    this.resources = sorted.resources;
    this.pulses = sorted.pulses.sort((a, b) => a.atNs - b.atNs);
    this.truth = new TruthLog(sorted.truth);

    const reported = this.calls.filter((call) => call.class === "ok" && call.revision !== undefined);
    reported.sort((a, b) => a.returnNs - b.returnNs);
    this.#reportedNs = Float64Array.from(reported, ({ returnNs }) => returnNs);
    let highest = 0n;
    for (const { revision = 0n } of reported) {
      if (revision > highest) highest = revision;
      this.#reported.push(highest);
    }
    const writes = this.calls.filter(
      ({ op, class: outcome, revision }) =>
        op !== "get" && op !== "list" && outcome === "ok" && revision !== undefined,
    );
    this.#begunNs = Float64Array.from(writes, ({ callNs }) => callNs);
    this.#begun = new Array<bigint>(writes.length);
    let lowest = endlessRevision;
    for (let i = writes.length - 1; i >= 0; i--) {
      const revision = writes[i]?.revision ?? endlessRevision;
      if (revision < lowest) lowest = revision;
      this.#begun[i] = lowest;
    }
  }

  /** Reads a stream of lines to its end. */
  static async read(lines: AsyncIterable<HistoryLine>): Promise<RunHistory> {
    const all: HistoryLine[] = [];
    for await (const line of lines) all.push(line);
    return new RunHistory(all);
  }

  /** Highest revision in a response strictly before `ns`; 0n when there was none. */
  floor(ns: number): bigint {
    return this.#reported[firstAtLeast(this.#reportedNs, ns) - 1] ?? 0n;
  }

  /** Lowest revision of an applied write that began strictly after `ns`; `endlessRevision` when there was none. */
  ceiling(ns: number): bigint {
    let at = firstAtLeast(this.#begunNs, ns);
    while (this.#begunNs[at] === ns) at++;
    return this.#begun[at] ?? endlessRevision;
  }
}

/** The lines by type, before they are sorted. */
class Sorted {
  readonly invokes = new Map<string, InvokeRecord>();
  readonly calls: CallRecord[] = [];
  readonly streams = new Map<
    string,
    { open: StreamOpenRecord; events: StreamEvent[]; end: StreamEndRecord | undefined }
  >();
  readonly faults: FaultRecord[] = [];
  readonly caches: CacheSample[] = [];
  readonly relists: RelistRecord[] = [];
  readonly quotas: QuotaSample[] = [];
  readonly memberLogs: MemberLogRecord[] = [];
  readonly members: MemberRecord[] = [];
  readonly serverLogs: ServerLogRecord[] = [];
  readonly resources: ResourceSample[] = [];
  readonly pulses: PulseRecord[] = [];
  readonly truth: TruthRecord[] = [];

  take(line: HistoryLine): void {
    switch (line.line) {
      case "invoke":
        this.invokes.set(line.id, line);
        break;
      case "call":
        this.invokes.delete(line.id);
        this.calls.push(line);
        break;
      case "stream-open":
        this.streams.set(line.stream, { open: line, events: [], end: undefined });
        break;
      case "stream-batch":
        for (const event of line.events) this.#stream(line.stream).events.push(event);
        break;
      case "stream-end":
        this.#stream(line.stream).end = line;
        break;
      case "fault":
        this.faults.push(line);
        break;
      case "cache":
        this.caches.push(line);
        break;
      case "relist":
        this.relists.push(line);
        break;
      case "quota":
        this.quotas.push(line);
        break;
      case "member-log":
        this.memberLogs.push(line);
        break;
      case "member":
        this.members.push(line);
        break;
      case "server-log":
        this.serverLogs.push(line);
        break;
      case "resources":
        this.resources.push(line);
        break;
      case "pulse":
        this.pulses.push(line);
        break;
      case "truth":
        this.truth.push(line);
        break;
    }
  }

  allCalls(): readonly CallRecord[] {
    const lost = [...this.invokes.values()].map(
      (invoke): CallRecord => ({
        ...invoke,
        line: "call",
        returnNs: Number.POSITIVE_INFINITY,
        code: "LOST",
        class: "unknown",
      }),
    );
    return [...this.calls, ...lost].sort((a, b) => a.callNs - b.callNs);
  }

  #stream(name: string): { events: StreamEvent[]; end: StreamEndRecord | undefined } {
    const stream = this.streams.get(name);
    if (stream === undefined) throw new Error(`Cannot read the history: stream "${name}" was never opened`);
    return stream;
  }
}

/** Index of the first element not below `ns`. */
function firstAtLeast(times: Float64Array, ns: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}
