/**
 * Histories made by hand: lines with everything a rule does not ask about filled in. Times are small whole numbers.
 */

import type { CheckResult } from "../../../../campaign/checkers/findings.ts";
import type {
  CallRecord,
  HistoryLine,
  StreamEvent,
  StreamOpenRecord,
  TruthRecord,
} from "../../../../campaign/checkers/history.ts";
import { RunHistory } from "../../../../campaign/checkers/run-history.ts";

export const prefix = "/registry/widgets/";
export const key = (name: string): string => `${prefix}a/${name}`;

export function put(
  revision: number,
  name: string,
  value: string,
  more: Partial<TruthRecord> = {},
): TruthRecord {
  const at = BigInt(revision);
  return { line: "truth", revision: at, type: "put", key: key(name), value, createRevision: at, ...more };
}

export function gone(revision: number, name: string): TruthRecord {
  return { line: "truth", revision: BigInt(revision), type: "delete", key: key(name), createRevision: 0n };
}

type Facts = Partial<Omit<CallRecord, "key" | "revision" | "guard">> & {
  readonly at: readonly [number, number];
  readonly revision?: number;
  readonly guard?: number;
};

/** A call on the object `name` that ran during `at`; told ok unless `code` says otherwise. */
export function call(op: CallRecord["op"], name: string, facts: Facts): CallRecord {
  const { at, revision, guard, code = "OK", ...rest } = facts;
  const unknown = code === "OUTCOME_UNKNOWN" || code === "LOST" || code === "ABORTED" || code === "FAULT";
  return {
    line: "call",
    id: `${op} ${name} ${at.join()}`,
    process: "p",
    client: `c${at[0]}`,
    op,
    via: "store",
    key: op === "list" || op === "deleteCollection" ? `${prefix}${name}` : key(name),
    callNs: at[0],
    returnNs: at[1],
    code,
    class: code === "OK" ? "ok" : unknown ? "unknown" : "definite",
    ...(revision === undefined ? {} : { revision: BigInt(revision) }),
    ...(guard === undefined ? {} : { guard: BigInt(guard) }),
    ...(code === "OUTCOME_UNKNOWN" ? { writeId: "w" } : {}),
    ...rest,
  };
}

/** A get of `name` that shows `value` of `revision`. */
export function got(
  name: string,
  value: string,
  revision: number,
  at: readonly [number, number],
): CallRecord {
  const found = { key: key(name), revision: BigInt(revision), value };
  return call("get", name, { at, revision, found });
}

export function event(
  type: StreamEvent["type"],
  revision: number,
  name?: string,
  value?: string,
  more: Partial<StreamEvent> = {},
): StreamEvent {
  return {
    type,
    revision: BigInt(revision),
    ...(name === undefined ? {} : { key: key(name) }),
    ...(value === undefined ? {} : { value }),
    ...more,
  };
}

/** The lines of one whole stream. */
export function stream(
  facts: Partial<Omit<StreamOpenRecord, "start">> & { readonly start?: number },
  ...events: readonly StreamEvent[]
): readonly HistoryLine[] {
  const { start, stream = "s", ...rest } = facts;
  return [
    {
      line: "stream-open",
      process: "p",
      watcher: "w",
      stream,
      via: "store",
      filter: { prefix },
      atNs: 0,
      ...(start === undefined ? {} : { start: BigInt(start) }),
      ...rest,
    },
    { line: "stream-batch", stream, events, atNs: 1 },
    { line: "stream-end", stream, reason: "left", atNs: 2 },
  ];
}

export const run = (...lines: readonly (HistoryLine | readonly HistoryLine[])[]): RunHistory =>
  new RunHistory(lines.flat());

/** The broken rules of a result, each once. */
export const rules = (result: CheckResult): readonly string[] => Object.keys(result.counts);
