/**
 * The entry point `keelson`: kinds, the store, and its errors.
 *
 * @module keelson
 */
import "./base/supported-node.ts";

export type { Call } from "./base/call.ts";
export type { PlainStats } from "./base/stats.ts";
export { createStore } from "./create-store.ts";
export type {
  FieldError,
  QuotaViolation,
  Retry,
  StoreErrorCode,
  StoreErrorDetails,
  Subject,
} from "./errors/codes.ts";
export type { Status } from "./errors/status.ts";
export { isStoreError, StoreError } from "./errors.ts";
export type { GetOptions, ListOptions, ListPage, ResourceReader } from "./resource/contract/reader.ts";
export type { ResourceStore } from "./resource/contract/resource-store.ts";
export type { LabelSelector, ReadFreshness, Scoped } from "./resource/contract/scope.ts";
export type {
  Amounts,
  Health,
  Histogram,
  QuotaGetOptions,
  QuotaListOptions,
  QuotaRemoveOptions,
  QuotaRequest,
  QuotaSetOptions,
  QuotaStatus,
  Quotas,
  ReconcileReport,
  RewriteOptions,
  RewriteReport,
  Store,
  StoreStats,
} from "./resource/contract/store.ts";
export { defineView, jsonView, metadataView, type View } from "./resource/contract/view.ts";
export type { Watch, WatchEvent, WatchOptions } from "./resource/contract/watch.ts";
export type {
  CollectionDeleteOptions,
  CreateManyOptions,
  CreateOptions,
  DeleteOptions,
  GuaranteedUpdateOptions,
  Preconditions,
  Progress,
  WriteOptions,
} from "./resource/contract/write-options.ts";
export { defineKind, unfamiliarKind } from "./resource/model/define-kind.ts";
export type { Head, RecordedHead } from "./resource/model/head.ts";
export type { Kind, KindDefinition, KindRecord, KindSpec, ScalePaths } from "./resource/model/kind.ts";
export type { NameRule } from "./resource/model/names.ts";
export { namespaceKind } from "./resource/model/namespace-kind.ts";
export type { Quantity } from "./resource/model/quantity.ts";
export type {
  AnyResource,
  Draft,
  Key,
  Namespace,
  ObjectMeta,
  OwnerReference,
  Resource,
  Scope,
} from "./resource/model/resource.ts";
export { isPending } from "./resource/objects/deletion.ts";
export { objectMatcher } from "./resource/select/selection.ts";
export { readStoreRecords, type StoreRecords } from "./storage/bookkeeping/store-records.ts";
export type { StoreOptions } from "./store-options.ts";
export type { CacheOptions, CacheStats, WatcherLag } from "./watch/bounds/cache-options.ts";
export type { CacheWatchOptions } from "./watch/kind-reader.ts";
export { createWatchCache, type WatchCache } from "./watch/watch-cache.ts";
export { withCache } from "./watch/with-cache.ts";
export { type CachedStores, type CachesOptions, withCaches } from "./watch/with-caches.ts";
