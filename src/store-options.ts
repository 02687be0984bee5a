/**
 * What `createStore` takes, and its check: every fault of an option is reported before any call.
 */
import { type Call, callNames } from "./base/call.ts";
import { checkOptions, type NamesOf } from "./base/text/known-options.ts";
import { quote } from "./base/text/quote.ts";
import { type Codec, isCodec, msgpackCodec } from "./codec/form/codec.ts";
import { isTransform, type Transform } from "./codec/sealing/transform.ts";
import { invalidArgument } from "./errors.ts";
import { checkEtcd } from "./etcd/ports/check-etcd.ts";
import type { Etcd } from "./etcd/ports/etcd.ts";
import type { Kind } from "./resource/model/kind.ts";
import { compactionIntervalMs } from "./storage/bookkeeping/compaction.ts";

/** What `createStore` takes. */
export interface StoreOptions extends Call {
  /** The connection; the caller still closes it. */
  readonly etcd: Etcd;
  /**
   * The kinds to open, each created by `defineKind` or `kubernetesKinds`; two with the same group and plural are
   * INVALID_ARGUMENT. Namespaces are always open. `addKind` can add more later.
   */
  readonly kinds: readonly Kind[];
  /** The prefix of all objects; default "/registry". */
  readonly prefix?: string | undefined;
  /** How values are written; default `msgpackCodec()`. Every known format is read. */
  readonly codec?: Codec | undefined;
  /**
   * Encryption at rest, by "secrets", "deployments.apps", a group ("*.apps"; "*." is the core group), or "*" for the
   * rest.
   */
  readonly transforms?: Readonly<Record<string, Transform>> | undefined;
  /** Default "required": creates into a missing or terminating namespace fail. */
  readonly namespaces?: "required" | "open" | undefined;
  /** Default every 5 minutes, one compactor among all processes; false: another program compacts. */
  readonly compaction?:
    | {
        /**
         * Milliseconds between two compactions, above 0; at least one whole interval of history stays, however many
         * processes compact.
         */
        readonly intervalMs: number;
      }
    | false
    | undefined;
  /** Between two bookmarks of a watch that asks for them, milliseconds; default 60,000, at least 100. */
  readonly bookmarkIntervalMs?: number | undefined;
  /**
   * Whether results of get, list and watch are deeply frozen, like a cache's; default true. False saves at most a
   * tenth of a large list; those results are not shared, so a change to one is visible nowhere else. Results of
   * writes belong to the caller and are never frozen.
   */
  readonly freeze?: boolean | undefined;
}

const storeNames: NamesOf<StoreOptions> = {
  ...callNames,
  etcd: "object",
  kinds: "array",
  prefix: "text",
  codec: "object",
  transforms: "object",
  namespaces: "text",
  compaction: true,
  bookmarkIntervalMs: "number",
  freeze: "boolean",
};
/** As in Kubernetes' API server. */
const bookmarkIntervalMsDefault = 60_000;
const bookmarkIntervalMsMin = 100;

/** Options with their defaults. */
export interface CheckedStoreOptions {
  readonly etcd: Etcd;
  readonly kinds: readonly Kind[];
  readonly prefix: string | undefined;
  readonly codec: Codec;
  readonly transforms: Readonly<Record<string, Transform>>;
  readonly namespaces: "required" | "open";
  /** Undefined: another program compacts. */
  readonly compactionIntervalMs: number | undefined;
  readonly bookmarkIntervalMs: number;
  readonly freeze: boolean;
}

/** @throws INVALID_ARGUMENT; the prefix is checked by `KeySpace` */
export function checkStoreOptions(options: StoreOptions): CheckedStoreOptions {
  checkParts(options);
  const { etcd, kinds, prefix, codec = msgpackCodec(), transforms = {} } = options;
  const namespaces = options.namespaces ?? "required";
  if (namespaces !== "required" && namespaces !== "open") {
    throw invalidArgument(
      "namespaces",
      `Cannot create store: namespaces is ${quote(namespaces)}, expected "required" or "open"`,
    );
  }
  const freeze: unknown = options.freeze ?? true;
  if (typeof freeze !== "boolean") {
    throw invalidArgument(
      "freeze",
      `Cannot create store: freeze is ${quote(freeze)}, expected true or false`,
    );
  }
  const intervalMs = compactionIntervalMs(options.compaction);
  const bookmarkIntervalMs = options.bookmarkIntervalMs ?? bookmarkIntervalMsDefault;
  if (!(typeof bookmarkIntervalMs === "number" && bookmarkIntervalMs >= bookmarkIntervalMsMin)) {
    throw invalidArgument(
      "bookmarkIntervalMs",
      `Cannot create store: bookmarkIntervalMs is ${quote(bookmarkIntervalMs)}, expected a number of at least ${bookmarkIntervalMsMin}`,
    );
  }
  return {
    etcd,
    kinds,
    prefix,
    codec,
    transforms,
    namespaces,
    compactionIntervalMs: intervalMs,
    bookmarkIntervalMs,
    freeze,
  };
}

/** The parts that callers pass ready-made: each must have the expected shape. @throws INVALID_ARGUMENT */
function checkParts(options: StoreOptions): void {
  checkOptions(options ?? null, "create store", storeNames);
  const { etcd, kinds, codec, transforms = {} } = options;
  checkEtcd(etcd, "create store");
  if (!Array.isArray(kinds)) throw invalidArgument("kinds", "Cannot create store: kinds is not an array");
  if (codec !== undefined && !isCodec(codec)) {
    throw invalidArgument(
      "codec",
      "Cannot create store: codec is not made by msgpackCodec(), jsonCodec() or kubernetesCodec()",
    );
  }
  for (const [name, transform] of Object.entries(transforms)) {
    if (isTransform(transform)) continue;
    throw invalidArgument(
      "transforms",
      `Cannot create store: the transform for ${quote(name)} is not made by aesGcm(), kmsEnvelope() or encryptionConfiguration()`,
    );
  }
}
