/**
 * The contract of a whole store: kinds, namespaces, quotas, health. Shapes only; src/create-store.ts assembles
 * the parts that keep them.
 */
import { type Call, callNames } from "../base/call.ts";
import type { NamesOf } from "../base/known-options.ts";
import type { PlainStats } from "../base/stats.ts";
import type { LabelSelector, Preconditions, Progress, ResourceStore } from "./contract.ts";
import type { Kind } from "./kind.ts";
import type { Quantity } from "./quantity.ts";
import type { Namespace, Resource } from "./resource.ts";

export interface Store extends AsyncDisposable {
  /** @throws INVALID_ARGUMENT for a kind that is not open here */
  resources<T extends Resource>(kind: Kind<T>): ResourceStore<T>;
  /** Each is on record in etcd too: a namespace is emptied of kinds this process has never seen. */
  readonly kinds: readonly Kind[];
  /** At any time; same group and plural: replaces it, watches go on. */
  addKind(kind: Kind, options?: Call): Promise<void>;
  /** Its watches end CLOSED, its objects stay. */
  removeKind(kind: Kind, options?: Call): Promise<void>;
  /** Brings every object to today's version, codec and key. Started again, it passes over what is done. */
  rewrite(kind: Kind, options?: RewriteOptions): Promise<RewriteReport>;
  readonly namespaces: ResourceStore<Namespace>;
  readonly quotas: Quotas;
  currentResourceVersion(options?: Call): Promise<string>;
  /** Never rejects. */
  health(options?: Call): Promise<Health>;
  /** Plain counters and histograms, synchronous; traces go to diagnostics_channel "keelson:*". */
  stats(): StoreStats;
  /** No new calls; writes under way finish; watches end CLOSED. Idempotent. */
  close(options?: Call): Promise<void>;
}

export interface RewriteOptions extends Call {
  readonly onProgress?: ((p: Progress) => void) | undefined;
  /** Writes at most; less leaves more of etcd to others. Default: no bound but four writes at a time. */
  readonly objectsPerSecond?: number | undefined;
}

export const rewriteNames: NamesOf<RewriteOptions> = {
  ...callNames,
  onProgress: true,
  objectsPerSecond: true,
};

export interface RewriteReport {
  readonly scanned: number;
  readonly rewritten: number;
  /** Objects still not in today's form (corrupt, or changed under us more often than retried). */
  readonly left: number;
  /** Keys that could not be read. */
  readonly corrupt: readonly string[];
}

export interface Health {
  readonly ok: boolean;
  /** Each with what to do about it. */
  readonly problems: readonly string[];
  /** The cluster has a leader. */
  readonly leader: boolean;
  readonly alarms: readonly string[];
  readonly databaseBytes: number | undefined;
  readonly databaseBytesInUse: number | undefined;
  readonly quotaBytes: number | undefined;
  readonly epoch: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly etcdVersion: string | undefined;
  /** The end of the client certificate of connections made from now on, RFC 3339; undefined without one. */
  readonly clientCertificateExpiresAt: string | undefined;
}

/** Upper bucket bounds in milliseconds (the last bucket is open) with counts, and the sum in milliseconds. */
export interface Histogram {
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
  readonly sumMs: number;
}

export interface StoreStats {
  /** By verb: create, update, guaranteedUpdate, delete, get, list, watch … */
  readonly calls: Readonly<Record<string, number>>;
  /** By error code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly latency: Readonly<Record<string, Histogram>>;
  readonly conflictRetries: number;
  readonly unknownOutcomes: number;
  readonly openWatches: number;
  readonly eventsDelivered: number;
  readonly corruptObjects: number;
  readonly etcd: PlainStats;
}

export type Amounts = Readonly<Record<string, Quantity>>;

export interface QuotaStatus {
  readonly namespace: string;
  readonly name: string;
  /** Numbers of the base unit. */
  readonly hard: Readonly<Record<string, number>>;
  readonly used: Readonly<Record<string, number>>;
  /**
   * "counting": what was there before it was set is still being counted, by the process that set it or, once that is dead, by
   * any other; `used` is not the whole yet and nothing is refused for its sake. Where it replaces a quota, that one
   * holds until then. "active": counted, and it holds.
   */
  readonly state: "active" | "counting";
  /** Objects that no process which counted could read: of what they use besides what key and size tell, `used` has nothing. Absent for none. */
  readonly unread?: number;
  readonly resourceVersion: string;
}

/** What is asked of a namespace: the limits, and on whom. */
export interface QuotaRequest {
  /** Default "default". */
  readonly name?: string | undefined;
  readonly hard: Amounts;
  /** Default: every object of the namespace. */
  readonly labelSelector?: string | LabelSelector | undefined;
}

export const quotaRequestNames: NamesOf<QuotaRequest> = { name: true, hard: true, labelSelector: true };

export interface QuotaSetOptions extends Call {
  readonly preconditions?: Preconditions | undefined;
}

export const quotaSetNames: NamesOf<QuotaSetOptions> = { ...callNames, preconditions: true };

export interface QuotaGetOptions extends Call {
  /** Default "default". */
  readonly name?: string | undefined;
}

export const quotaGetNames: NamesOf<QuotaGetOptions> = { ...callNames, name: true };

export interface QuotaListOptions extends Call {
  /** Default: of all namespaces. */
  readonly namespace?: string | undefined;
}

export const quotaListNames: NamesOf<QuotaListOptions> = { ...callNames, namespace: true };

export interface QuotaRemoveOptions extends QuotaGetOptions {
  readonly preconditions?: Preconditions | undefined;
}

export const quotaRemoveNames: NamesOf<QuotaRemoveOptions> = { ...quotaGetNames, preconditions: true };

export interface ReconcileReport {
  /** Quotas that were checked, those whose count it finished among them. */
  readonly checked: number;
  /**
   * Objects that this process could not read (no key, damaged) or measure, once for each quota that had to look into them. They
   * are counted as far as key and size tell; of what they may use besides, nothing is taken from a ledger.
   */
  readonly unread: number;
  readonly differences: readonly {
    readonly namespace: string;
    readonly quota: string;
    readonly name: string;
    readonly ledger: number;
    readonly counted: number;
  }[];
}

/** Namespace "" holds cluster-wide limits; name defaults to "default"; several quotas of one namespace all hold. */
export interface Quotas {
  /**
   * Resolves once what was there is counted and the limits hold. Setting the same again changes nothing, and waits for a
   * count that is under way.
   * @throws OUTCOME_UNKNOWN: it is set, but whether its count was finished in time is not known: `get` tells its state, and
   * the count continues in the background; DEADLINE, UNAVAILABLE: nothing was set
   */
  set(namespace: string, quota: QuotaRequest, options?: QuotaSetOptions): Promise<QuotaStatus>;
  /** @throws NOT_FOUND */
  get(namespace: string, options?: QuotaGetOptions): Promise<QuotaStatus>;
  list(options?: QuotaListOptions): Promise<readonly QuotaStatus[]>;
  remove(namespace: string, options?: QuotaRemoveOptions): Promise<void>;
  /** Recounts at one version and repairs what differs. */
  reconcile(namespace?: string, options?: Call): Promise<ReconcileReport>;
}
