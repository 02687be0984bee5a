/**
 * The contract of a whole store: kinds, namespaces, quotas, health. Types only; src/create-store.ts assembles the
 * parts that implement them.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { PlainStats } from "../../base/stats.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Kind } from "../model/kind.ts";
import type { Quantity } from "../model/quantity.ts";
import type { Namespace, Resource } from "../model/resource.ts";
import type { ResourceStore } from "./resource-store.ts";
import type { LabelSelector } from "./scope.ts";
import type { Preconditions, Progress } from "./write-options.ts";

/** Objects of many kinds under one prefix of etcd. `createStore` opens it; the caller that opened it closes it. */
export interface Store extends AsyncDisposable {
  /**
   * Reads and writes of one kind.
   * @throws INVALID_ARGUMENT for a kind that is not open in this store
   */
  resources<T extends Resource>(kind: Kind<T>): ResourceStore<T>;
  /** Each is also recorded in etcd: a namespace is emptied even of kinds that this process does not define. */
  readonly kinds: readonly Kind[];
  /** Allowed at any time. A kind with the same group and plural replaces the open one, and its watches continue. */
  addKind(kind: Kind, options?: Call): Promise<void>;
  /** Ends its watches with CLOSED and keeps its objects. */
  removeKind(kind: Kind, options?: Call): Promise<void>;
  /** Brings every object to today's version, codec and key. If started again, it skips finished objects. */
  rewrite(kind: Kind, options?: RewriteOptions): Promise<RewriteReport>;
  /** The namespaces, as objects; deleting a namespace empties it first. */
  readonly namespaces: ResourceStore<Namespace>;
  /** Limits on the use of namespaces. */
  readonly quotas: Quotas;
  /**
   * The present version of the store: one quorum read.
   * @throws UNAVAILABLE, DEADLINE, CLOSED
   */
  currentResourceVersion(options?: Call): Promise<string>;
  /** Never rejects. */
  health(options?: Call): Promise<Health>;
  /** Plain counters and histograms, synchronous; traces go to diagnostics_channel "keelson:*". */
  stats(): StoreStats;
  /** Refuses new calls, waits for writes under way, and ends watches with CLOSED. Idempotent. */
  close(options?: Call): Promise<void>;
}

/** Options of `rewrite`. */
export interface RewriteOptions extends Call {
  /** Called after each page of keys. */
  readonly onProgress?: ((p: Progress) => void) | undefined;
  /**
   * Writes a second, at most; a lower value leaves more of etcd to others. Default: no bound except four writes at a
   * time.
   */
  readonly objectsPerSecond?: number | undefined;
}

export const rewriteNames: NamesOf<RewriteOptions> = {
  ...callNames,
  onProgress: "function",
  objectsPerSecond: "number",
};

/** The result of `rewrite`. */
export interface RewriteReport {
  /** Objects read. */
  readonly scanned: number;
  /** Objects written in today's form. */
  readonly rewritten: number;
  /** Objects still not in today's form (corrupt, or changed by others through all retries). */
  readonly left: number;
  /** Keys that could not be read. */
  readonly corrupt: readonly string[];
}

/** The findings of `health`; unknown facts are undefined, and a problem says so. */
export interface Health {
  /** The store can be read and there is no problem. */
  readonly ok: boolean;
  /** Each says what to do about it. */
  readonly problems: readonly string[];
  /** The cluster has a leader. */
  readonly leader: boolean;
  /** Types of etcd's alarms, such as "NOSPACE". */
  readonly alarms: readonly string[];
  /** Size of etcd's file, bytes: the largest of the members that responded. */
  readonly databaseBytes: number | undefined;
  /** Bytes of it in use; the rest is free for etcd, and a defragmentation returns it. */
  readonly databaseBytesInUse: number | undefined;
  /** etcd's --quota-backend-bytes: the smallest of the members that report it. */
  readonly quotaBytes: number | undefined;
  /** The epoch: the id of this history of the data; a restore begins a new one. */
  readonly epoch: string | undefined;
  /** The present version of the store. */
  readonly resourceVersion: string | undefined;
  /** Lowest version among the members asked, such as "3.5.30". */
  readonly etcdVersion: string | undefined;
  /**
   * An endpoint is etcd's grpc-proxy: it drops progress requests, so linearizable reads of caches go to etcd, and
   * bookmarks follow events only. Connect to the members themselves, or to etcd's gateway, to avoid both.
   */
  readonly behindGrpcProxy: boolean;
  /** Expiry of the client certificate that new connections use, RFC 3339; undefined without one. */
  readonly clientCertificateExpiresAt: string | undefined;
}

/** Upper bucket bounds in milliseconds (the last bucket is open) with counts, and the sum in milliseconds. */
export interface Histogram {
  /** Upper bounds of the buckets, milliseconds, inclusive. */
  readonly boundsMs: readonly number[];
  /** Calls in each bucket, not cumulative; one more than bounds, the last for all longer calls. */
  readonly counts: readonly number[];
  /** Total milliseconds of all calls. */
  readonly sumMs: number;
}

/** Counters since the store was opened; except for `openWatches`, they only grow. */
export interface StoreStats {
  /** By verb: create, update, guaranteedUpdate, delete, get, list, watch … */
  readonly calls: Readonly<Record<string, number>>;
  /** By error code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Durations by verb, of all calls that ended, including failed ones; watches are not timed. */
  readonly latency: Readonly<Record<string, Histogram>>;
  /** Tries of a write that were repeated because the object had changed. */
  readonly conflictRetries: number;
  /** Calls that rejected with OUTCOME_UNKNOWN. */
  readonly unknownOutcomes: number;
  /** Watches that are open now. */
  readonly openWatches: number;
  /** Events delivered to the store's own watches. */
  readonly eventsDelivered: number;
  /** CORRUPT_OBJECT errors reported to callers. */
  readonly corruptObjects: number;
  /**
   * Reads that found plaintext where a transform expects sealed values, and accepted it: those of mode "migrate", and
   * of `rewrite`. While it grows, a kind still has values in the clear, or another program writes them.
   */
  readonly plaintextRead: number;
  /** `EtcdStats` of the connection, as plain data. */
  readonly etcd: PlainStats;
}

/** Amounts by name: "count/pods", "count/deployments.apps", "bytes", or a name from a kind's `measure`. */
export type Amounts = Readonly<Record<string, Quantity>>;

/** A quota and its use, at one version. */
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
   * "counting": objects that existed before the quota are still being counted, by the process that set it or, once
   * that is dead, by any other; `used` is incomplete and the quota refuses nothing. A quota that it replaces applies
   * until then. "active": counted and enforced.
   */
  readonly state: "active" | "counting";
  /**
   * Objects that no counting process could read: `used` contains only their amounts that key and size show. Absent
   * for none.
   */
  readonly unread?: number;
  /** Version of the namespace's record of quotas, for `preconditions`. */
  readonly resourceVersion: string;
}

/** A quota to set: the limits, and the objects that they apply to. */
export interface QuotaRequest {
  /** Default "default". */
  readonly name?: string | undefined;
  /** The limits, inclusive, at most 64; an amount that is absent is not limited. */
  readonly hard: Amounts;
  /** Default: every object of the namespace. */
  readonly labelSelector?: string | LabelSelector | undefined;
}

export const quotaRequestNames: NamesOf<QuotaRequest> = { name: "text", hard: "object", labelSelector: true };

/** Options of `quotas.set` besides the quota. */
export interface QuotaSetOptions extends Call {
  /** `resourceVersion` of the `QuotaStatus` that the change is based on; PRECONDITION_FAILED when it has changed. */
  readonly preconditions?: Preconditions | undefined;
}

export const quotaSetNames: NamesOf<QuotaSetOptions> = { ...callNames, preconditions: "object" };

/** Options of `quotas.get`. */
export interface QuotaGetOptions extends Call {
  /** Default "default". */
  readonly name?: string | undefined;
}

export const quotaGetNames: NamesOf<QuotaGetOptions> = { ...callNames, name: "text" };

/** Options of `quotas.list`. */
export interface QuotaListOptions extends Call {
  /** Default: of all namespaces. */
  readonly namespace?: string | undefined;
}

export const quotaListNames: NamesOf<QuotaListOptions> = { ...callNames, namespace: "text" };

/** Options of `quotas.remove`. */
export interface QuotaRemoveOptions extends QuotaGetOptions {
  /** As for `quotas.set`. */
  readonly preconditions?: Preconditions | undefined;
}

export const quotaRemoveNames: NamesOf<QuotaRemoveOptions> = { ...quotaGetNames, preconditions: "object" };

/** The findings and repairs of `quotas.reconcile`. */
export interface ReconcileReport {
  /** Quotas checked, including those whose count it finished. */
  readonly checked: number;
  /**
   * Objects that this process could not read (no key, damaged) or measure, counted once for each quota that needed
   * their content. They are counted as far as key and size show; for their other amounts, nothing is subtracted from
   * a ledger.
   */
  readonly unread: number;
  /** Amounts whose ledger was wrong; they are now correct. */
  readonly differences: readonly {
    /** The quota's namespace. */
    readonly namespace: string;
    /** The quota's name. */
    readonly quota: string;
    /** Name of the amount. */
    readonly name: string;
    /** The ledger's value before the repair. */
    readonly ledger: number;
    /** The real use of the objects. */
    readonly counted: number;
  }[];
}

/** Namespace "" has cluster-wide limits; name defaults to "default"; all quotas of a namespace apply together. */
export interface Quotas {
  /**
   * Resolves once existing objects are counted and the limits are enforced. Setting the same quota again changes
   * nothing, and waits for a count that is under way.
   * @throws OUTCOME_UNKNOWN: it is set, but it is unknown whether its count was finished in time: `get` returns its
   * state, and the count continues in the background; DEADLINE, UNAVAILABLE: nothing was set; PRECONDITION_FAILED;
   * INVALID_ARGUMENT
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
   * One quota and its use.
   * @throws NOT_FOUND
   */
  get(namespace: string, options?: QuotaGetOptions): Promise<QuotaStatus>;
  /** All quotas, or those of one namespace, at one version. */
  list(options?: QuotaListOptions): Promise<readonly QuotaStatus[]>;
  /**
   * Removes a quota; it no longer limits anything.
   * @throws NOT_FOUND; PRECONDITION_FAILED; OUTCOME_UNKNOWN
   */
  remove(namespace: string, options?: QuotaRemoveOptions): Promise<void>;
  /** Recounts at one version and repairs differences. */
  reconcile(namespace?: string, options?: Call): Promise<ReconcileReport>;
}
