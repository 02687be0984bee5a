/**
 * The contract of a whole store: kinds, namespaces, quotas, health. Shapes only; src/create-store.ts assembles
 * the parts that keep them.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { PlainStats } from "../../base/stats.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Kind } from "../model/kind.ts";
import type { Quantity } from "../model/quantity.ts";
import type { Namespace, Resource } from "../model/resource.ts";
import type { LabelSelector, Preconditions, Progress, ResourceStore } from "./contract.ts";

/** Objects of many kinds under one prefix of etcd. `createStore` opens it; whoever opened it closes it. */
export interface Store extends AsyncDisposable {
  /**
   * Reads and writes of one kind.
   * @throws INVALID_ARGUMENT for a kind that is not open here
   */
  resources<T extends Resource>(kind: Kind<T>): ResourceStore<T>;
  /** Each is on record in etcd too: a namespace is emptied of kinds this process has never seen. */
  readonly kinds: readonly Kind[];
  /** At any time; same group and plural: replaces it, watches go on. */
  addKind(kind: Kind, options?: Call): Promise<void>;
  /** Its watches end CLOSED, its objects stay. */
  removeKind(kind: Kind, options?: Call): Promise<void>;
  /** Brings every object to today's version, codec and key. Started again, it passes over what is done. */
  rewrite(kind: Kind, options?: RewriteOptions): Promise<RewriteReport>;
  /** The namespaces, as objects; deleting one empties it first. */
  readonly namespaces: ResourceStore<Namespace>;
  /** Limits on what namespaces use. */
  readonly quotas: Quotas;
  /**
   * The version the store is at: one quorum read.
   * @throws UNAVAILABLE, DEADLINE, CLOSED
   */
  currentResourceVersion(options?: Call): Promise<string>;
  /** Never rejects. */
  health(options?: Call): Promise<Health>;
  /** Plain counters and histograms, synchronous; traces go to diagnostics_channel "keelson:*". */
  stats(): StoreStats;
  /** No new calls; writes under way finish; watches end CLOSED. Idempotent. */
  close(options?: Call): Promise<void>;
}

/** What `rewrite` takes. */
export interface RewriteOptions extends Call {
  /** Called after each page of keys. */
  readonly onProgress?: ((p: Progress) => void) | undefined;
  /** Writes at most; less leaves more of etcd to others. Default: no bound but four writes at a time. */
  readonly objectsPerSecond?: number | undefined;
}

export const rewriteNames: NamesOf<RewriteOptions> = {
  ...callNames,
  onProgress: true,
  objectsPerSecond: true,
};

/** What `rewrite` has done. */
export interface RewriteReport {
  /** Objects looked at. */
  readonly scanned: number;
  /** Objects written in today's form. */
  readonly rewritten: number;
  /** Objects still not in today's form (corrupt, or changed under us more often than retried). */
  readonly left: number;
  /** Keys that could not be read. */
  readonly corrupt: readonly string[];
}

/** What `health` has found; facts that could not be asked are undefined, and a problem says so. */
export interface Health {
  /** The store can be read and there is no problem. */
  readonly ok: boolean;
  /** Each with what to do about it. */
  readonly problems: readonly string[];
  /** The cluster has a leader. */
  readonly leader: boolean;
  /** Types of etcd's alarms, such as "NOSPACE". */
  readonly alarms: readonly string[];
  /** Size of etcd's file, bytes: the largest of the members that answered. */
  readonly databaseBytes: number | undefined;
  /** Of it in use, bytes; the rest is free for etcd, and given back by a defragmentation. */
  readonly databaseBytesInUse: number | undefined;
  /** etcd's --quota-backend-bytes: the smallest of the members that tell. */
  readonly quotaBytes: number | undefined;
  /** Id of this life of the data; a restore begins a new one. */
  readonly epoch: string | undefined;
  /** The version the store is at. */
  readonly resourceVersion: string | undefined;
  /** Lowest version among the members asked, such as "3.5.30". */
  readonly etcdVersion: string | undefined;
  /**
   * An endpoint is etcd's grpc-proxy: it drops progress requests, so linearizable reads of caches go to etcd, and bookmarks come
   * with events alone. Endpoints of the members themselves, or etcd's gateway, have neither.
   */
  readonly behindGrpcProxy: boolean;
  /** The end of the client certificate of connections made from now on, RFC 3339; undefined without one. */
  readonly clientCertificateExpiresAt: string | undefined;
}

/** Upper bucket bounds in milliseconds (the last bucket is open) with counts, and the sum in milliseconds. */
export interface Histogram {
  /** Upper bounds of the buckets, milliseconds, inclusive. */
  readonly boundsMs: readonly number[];
  /** Calls in each bucket, not cumulative; one more than bounds, the last is of all beyond. */
  readonly counts: readonly number[];
  /** Milliseconds of all calls together. */
  readonly sumMs: number;
}

/** Counters since the store was opened; they only grow, but `openWatches`. */
export interface StoreStats {
  /** By verb: create, update, guaranteedUpdate, delete, get, list, watch … */
  readonly calls: Readonly<Record<string, number>>;
  /** By error code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Durations by verb, of all calls that ended, failed ones included; watches are not timed. */
  readonly latency: Readonly<Record<string, Histogram>>;
  /** Tries of a write that were repeated because the object had changed. */
  readonly conflictRetries: number;
  /** Calls that rejected with OUTCOME_UNKNOWN. */
  readonly unknownOutcomes: number;
  /** Watches that are open now. */
  readonly openWatches: number;
  /** Events handed to the store's own watches. */
  readonly eventsDelivered: number;
  /** CORRUPT_OBJECT errors reported to callers. */
  readonly corruptObjects: number;
  /**
   * Reads that met plaintext where a transform expects sealed values, and took it: those of mode "migrate", and of `rewrite`.
   * While it grows, a kind still has values in the clear, or someone puts them there.
   */
  readonly plaintextRead: number;
  /** `EtcdStats` of the connection, as plain data. */
  readonly etcd: PlainStats;
}

/** Amounts by name: "count/pods", "count/deployments.apps", "bytes", or what a kind's `measure` gives. */
export type Amounts = Readonly<Record<string, Quantity>>;

/** A quota and what is used of it, at one version. */
export interface QuotaStatus {
  /** Its namespace; "" for a cluster-wide one. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /** Numbers of the base unit. */
  readonly hard: Readonly<Record<string, number>>;
  /** What the live objects use, by the names of `hard`; numbers of the base unit. */
  readonly used: Readonly<Record<string, number>>;
  /**
   * "counting": what was there before it was set is still being counted, by the process that set it or, once that is dead, by
   * any other; `used` is not the whole yet and nothing is refused for its sake. Where it replaces a quota, that one
   * holds until then. "active": counted, and it holds.
   */
  readonly state: "active" | "counting";
  /** Objects that no process which counted could read: of what they use besides what key and size tell, `used` has nothing. Absent for none. */
  readonly unread?: number;
  /** Version of the namespace's record of quotas, for `preconditions`. */
  readonly resourceVersion: string;
}

/** What is asked of a namespace: the limits, and on whom. */
export interface QuotaRequest {
  /** Default "default". */
  readonly name?: string | undefined;
  /** The limits, inclusive, at most 64; an amount that is not named is not limited. */
  readonly hard: Amounts;
  /** Default: every object of the namespace. */
  readonly labelSelector?: string | LabelSelector | undefined;
}

export const quotaRequestNames: NamesOf<QuotaRequest> = { name: true, hard: true, labelSelector: true };

/** What `quotas.set` takes besides the quota. */
export interface QuotaSetOptions extends Call {
  /** `resourceVersion` of the `QuotaStatus` the change is based on; PRECONDITION_FAILED when it has changed. */
  readonly preconditions?: Preconditions | undefined;
}

export const quotaSetNames: NamesOf<QuotaSetOptions> = { ...callNames, preconditions: true };

/** What `quotas.get` takes. */
export interface QuotaGetOptions extends Call {
  /** Default "default". */
  readonly name?: string | undefined;
}

export const quotaGetNames: NamesOf<QuotaGetOptions> = { ...callNames, name: true };

/** What `quotas.list` takes. */
export interface QuotaListOptions extends Call {
  /** Default: of all namespaces. */
  readonly namespace?: string | undefined;
}

export const quotaListNames: NamesOf<QuotaListOptions> = { ...callNames, namespace: true };

/** What `quotas.remove` takes. */
export interface QuotaRemoveOptions extends QuotaGetOptions {
  /** As for `quotas.set`. */
  readonly preconditions?: Preconditions | undefined;
}

export const quotaRemoveNames: NamesOf<QuotaRemoveOptions> = { ...quotaGetNames, preconditions: true };

/** What `quotas.reconcile` has found and repaired. */
export interface ReconcileReport {
  /** Quotas that were checked, those whose count it finished among them. */
  readonly checked: number;
  /**
   * Objects that this process could not read (no key, damaged) or measure, once for each quota that had to look into them. They
   * are counted as far as key and size tell; of what they may use besides, nothing is taken from a ledger.
   */
  readonly unread: number;
  /** Amounts whose ledger was wrong; they are right now. */
  readonly differences: readonly {
    /** The quota's namespace. */
    readonly namespace: string;
    /** The quota's name. */
    readonly quota: string;
    /** Name of the amount. */
    readonly name: string;
    /** What the ledger said. */
    readonly ledger: number;
    /** What the objects use. */
    readonly counted: number;
  }[];
}

/** Namespace "" holds cluster-wide limits; name defaults to "default"; several quotas of one namespace all hold. */
export interface Quotas {
  /**
   * Resolves once what was there is counted and the limits hold. Setting the same again changes nothing, and waits for
   * a count that is under way.
   * @throws OUTCOME_UNKNOWN: it is set, but whether its count was finished in time is not known: `get` tells its
   * state, and the count continues in the background; DEADLINE, UNAVAILABLE: nothing was set;
   * PRECONDITION_FAILED; INVALID_ARGUMENT
   * @example
   * ```ts
   * import type { Store } from "keelson";
   *
   * async function limit(store: Store): Promise<void> {
   *   const { used } = await store.quotas.set("shop", { hard: { "count/pods": 50, bytes: "64Mi", "requests.cpu": 20 } });
   *   console.log(used["count/pods"]);
   * }
   * ```
   */
  set(namespace: string, quota: QuotaRequest, options?: QuotaSetOptions): Promise<QuotaStatus>;
  /**
   * One quota and what is used of it.
   * @throws NOT_FOUND
   */
  get(namespace: string, options?: QuotaGetOptions): Promise<QuotaStatus>;
  /** All quotas, or those of one namespace, at one version. */
  list(options?: QuotaListOptions): Promise<readonly QuotaStatus[]>;
  /**
   * Removes a quota; nothing is limited by it any more.
   * @throws NOT_FOUND; PRECONDITION_FAILED; OUTCOME_UNKNOWN
   */
  remove(namespace: string, options?: QuotaRemoveOptions): Promise<void>;
  /** Recounts at one version and repairs what differs. */
  reconcile(namespace?: string, options?: Call): Promise<ReconcileReport>;
}
