/**
 * The count of what is there: every object of every kind on record, at one revision, for its callers.
 */
import type { Call } from "../../base/call.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import type { RecordedHead } from "../../resource/model/head.ts";

export interface CountedObject {
  /** Full etcd key. */
  readonly key: string;
  /** Undefined for a cluster-scoped object. */
  readonly namespace: string | undefined;
  readonly modRevision: bigint;
  /** "pods", "deployments.apps". */
  readonly resource: string;
  /** 0 where only keys were asked for. */
  readonly storedBytes: number;
  readonly lease: bigint;
  /** What it says of itself; undefined when it cannot be read here. Opened when asked for. */
  recorded(): MaybePromise<RecordedHead | undefined>;
}

export interface CensusQuestion {
  /** "": the store. */
  readonly namespace: string;
  readonly revision: bigint;
  /** Whether objects of a resource are asked for at all. */
  readonly concerns: (resource: string) => boolean;
  /** Keys tell everything that is asked: no value need be sent. */
  readonly keysOnly: boolean;
}

export interface Census {
  /**
   * Every object there is, of every kind on record, whether this process defines it or can read it or not.
   * @throws EXPIRED when the revision is compacted
   */
  objectsAt(question: CensusQuestion, call: Call): AsyncIterable<CountedObject>;
}
