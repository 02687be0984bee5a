/**
 * What a store has recorded about itself, for tools that inspect an etcd without the program whose store it is. Opens
 * nothing and writes nothing.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { checkEtcd } from "../../etcd/ports/check-etcd.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { KeySpace } from "../../resource/model/keys.ts";
import type { KindRecord } from "../../resource/model/kind.ts";
import { KindRecords } from "./kind-records.ts";
import { recordedSealingKeys } from "./sealing-keys.ts";

const action = "read what a store has on record";

/** What keelson's stores have recorded under one prefix. */
export interface StoreRecords {
  /** Every kind that was ever open; for a moved kind, only its present place. Empty: not a keelson store. */
  readonly kinds: readonly KindRecord[];
  /** Ids of the encryption keys that values may be sealed under, by resource ("secrets", "deployments.apps"). */
  readonly sealing: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads what a store has recorded under a prefix, without opening a store. Writes nothing.
 * @throws INVALID_ARGUMENT for a bad prefix; UNAVAILABLE, DEADLINE, … as any read
 */
export async function readStoreRecords(
  etcd: Etcd,
  options: {
    /** The store's prefix; default "/registry". */
    readonly prefix?: string | undefined;
  } & Call = {},
): Promise<StoreRecords> {
  checkEtcd(etcd, action);
  checkOptions(options, action, { ...callNames, prefix: "text" });
  const keys = new KeySpace(options.prefix);
  using scope = new CallScope(options, etcd.clock, action);
  const records = await new KindRecords(etcd.kv, keys).records(scope.rest());
  const latest = new Map(records.map((record) => [`${record.plural}.${record.group}`, record]));
  return { kinds: [...latest.values()], sealing: await recordedSealingKeys(etcd.kv, keys, scope.rest()) };
}
