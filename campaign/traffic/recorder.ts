/**
 * Records calls: the request before a write is sent, and the result when it returns.
 *
 * A write's `invoke` line is in the file before the write is sent, and again with every new attempt of a
 * guaranteedUpdate: so even if the process is killed, the pending value is recorded.
 */

import { contentHash } from "../checkers/digest.ts";
import {
  type CallInput,
  type CallRecord,
  type HistorySink,
  outcomeOf,
  type State,
} from "../checkers/history.ts";
import { keyOf, type Valued } from "./kinds.ts";

/** The outcome of a call, for the client that continues from it. */
export type CallResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string };

export interface CallCounts {
  readonly calls: number;
  readonly ok: number;
  readonly unknown: number;
}

/** Content hashes kept of object versions; beyond it they are computed again. */
const hashesMax = 20_000;

export class Recorder {
  readonly process: string;
  readonly sink: HistorySink;
  /** Nanoseconds of the run. */
  readonly now: () => number;
  readonly #hashes = new Map<string, string>();
  #ids = 0;
  #calls = 0;
  #ok = 0;
  #unknown = 0;

  constructor(options: { readonly process: string; readonly sink: HistorySink; readonly now: () => number }) {
    this.process = options.process;
    this.sink = options.sink;
    this.now = options.now;
  }

  get counts(): CallCounts {
    return { calls: this.#calls, ok: this.#ok, unknown: this.#unknown };
  }

  /** Unique in the run. */
  nextId(): string {
    return `${this.process}.${++this.#ids}`;
  }

  /** With `hash`, which costs most: the content hash too. */
  stateOf(plural: string, object: Valued, hashed: "hashed" | "plain"): State {
    const { namespace = "", name, resourceVersion } = object.metadata;
    const key = keyOf(plural, { namespace, name });
    const state = { key, revision: BigInt(resourceVersion), value: object.spec.value };
    return hashed === "plain" ? state : { ...state, hash: this.#hashOf(`${key} ${resourceVersion}`, object) };
  }

  async call<T>(
    input: CallInput,
    act: () => Promise<T>,
    facts: (value: T) => Partial<CallRecord>,
    atEnd: () => Partial<CallRecord> = () => ({}),
  ): Promise<CallResult<T>> {
    this.#calls++;
    try {
      const value = await act();
      const returnNs = this.now();
      this.#ok++;
      this.sink.write({
        line: "call",
        ...input,
        returnNs,
        code: "OK",
        class: "ok",
        ...facts(value),
        ...atEnd(),
      });
      return { ok: true, value };
    } catch (error) {
      const returnNs = this.now();
      const outcome = outcomeOf(error);
      if (outcome.class === "unknown") this.#unknown++;
      this.sink.write({ line: "call", ...input, returnNs, ...outcome, ...atEnd() });
      return { ok: false, code: outcome.code };
    }
  }

  #hashOf(version: string, object: Valued): string {
    const known = this.#hashes.get(version);
    if (known !== undefined) return known;
    const hash = contentHash(object);
    if (this.#hashes.size >= hashesMax) this.#hashes.clear();
    this.#hashes.set(version, hash);
    return hash;
  }
}
