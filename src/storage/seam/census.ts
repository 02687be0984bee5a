/**
 * The enumeration of every object of every recorded kind at one revision, for counting.
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
  /** 0 where only keys were requested. */
  readonly storedBytes: number;
  readonly lease: bigint;
  /** The stored head; undefined when it cannot be read here. Opened on request. */
  recorded(): MaybePromise<RecordedHead | undefined>;
}

export interface CensusQuestion {
  /** "": the store. */
  readonly namespace: string;
  readonly revision: bigint;
  /** Whether objects of a resource are requested at all. */
  readonly concerns: (resource: string) => boolean;
  /** Keys are sufficient: no value need be sent. */
  readonly keysOnly: boolean;
}

export interface Census {
  /**
   * Every object of every recorded kind, whether or not this process defines the kind or can read the object.
   * @throws EXPIRED when the revision is compacted
   */
  objectsAt(question: CensusQuestion, call: Call): AsyncIterable<CountedObject>;
}
