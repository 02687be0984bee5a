/** The door `keelson`: kinds, the store, and its errors. */
export type { Call } from "./base/call.ts";
export { createStore, type StoreOptions } from "./create-store.ts";
export {
  type FieldError,
  isStoreError,
  type QuotaViolation,
  type Status,
  StoreError,
  type StoreErrorCode,
  type StoreErrorDetails,
} from "./errors.ts";
export type * from "./resource/contract.ts";
export { defineKind, unfamiliarKind } from "./resource/define-kind.ts";
export { isPending } from "./resource/deletion.ts";
export type { Kind, KindRecord, KindSpec, ScalePaths } from "./resource/kind.ts";
export { namespaceKind } from "./resource/namespace-kind.ts";
export type { Quantity } from "./resource/quantity.ts";
export type * from "./resource/resource.ts";
export { objectMatcher } from "./resource/selection.ts";
export type * from "./resource/store.ts";
export { defineView, jsonView, metadataView, type View } from "./resource/view.ts";
export { readStoreRecords, type StoreRecords } from "./storage/bookkeeping/store-records.ts";
export type { CacheOptions, CacheStats, WatcherLag } from "./watch/bounds/cache-options.ts";
export type { CacheWatchOptions } from "./watch/kind-reader.ts";
export { createWatchCache, type WatchCache } from "./watch/watch-cache.ts";
export { withCache } from "./watch/with-cache.ts";
export { type CachedStores, withCaches } from "./watch/with-caches.ts";
