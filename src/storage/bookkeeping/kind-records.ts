/**
 * Kinds on record: what any process needs to find the objects of kinds it has never seen.
 *
 *   /keelson<prefix>/kinds/<keyPath>      JSON: group, version, kind, plural, scope, keyPath, nameRule
 *
 * Written when a kind is opened, never removed: its objects may still be there. One record a key path, so a kind that
 * moves leaves word of where it was. Without space or rights nothing is written; the store works all the same.
 */
import { textOfKey } from "../../base/text/text-of-key.ts";
import { isStoreError } from "../../errors.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import { unfamiliarKind } from "../../resource/model/define-kind.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { Kind, KindDefinition, KindRecord } from "../../resource/model/kind.ts";

const folder = "kinds";
/** Lost answers in a row after which a record counts as not written. */
const triesMax = 5;

export class KindRecords {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #keys: KeySpace;

  constructor(kv: Pick<Kv, "range" | "txn">, keys: KeySpace) {
    this.#kv = kv;
    this.#keys = keys;
  }

  /**
   * Puts `definitions` on record where they are not, or differ. The last one to write a record is right. A lost answer is
   * settled by looking again: afterwards they are on record, or it throws.
   */
  async record(definitions: readonly KindDefinition[], call: EtcdCall): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#recordOnce(definitions, call);
      } catch (error) {
        if (!isStoreError(error, "OUTCOME_UNKNOWN") || attempt >= triesMax) throw error;
      }
    }
  }

  async #recordOnce(definitions: readonly KindDefinition[], call: EtcdCall): Promise<void> {
    const known = new Map((await this.#read(call)).map(({ key, value }) => [textOfKey(key), textOf(value)]));
    const wanted = definitions.map((definition) => ({
      key: this.#keys.bookkeeping(folder, ...definition.keyPath.split("/")),
      value: encode(definition),
    }));
    await Promise.all(
      wanted
        .filter(({ key, value }) => known.get(key) !== value)
        .map(async ({ key, value }) => {
          try {
            await this.#kv.txn(
              { compare: [], success: [{ type: "put", put: { key, value } }], failure: [] },
              call,
            );
          } catch (error) {
            // Without space or rights no object of the kind is written either.
            if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
          }
        }),
    );
  }

  /** Every kind on record, without fields, measures or rules of its own. Unreadable records are left out. */
  async list(call: EtcdCall): Promise<readonly Kind[]> {
    return (await this.records(call)).map((record) => unfamiliarKind(record));
  }

  /** The same as plain data, the one written last at the end. */
  async records(call: EtcdCall): Promise<readonly KindRecord[]> {
    const found = await this.#read(call);
    const inOrder = [...found].sort((a, b) => (a.modRevision < b.modRevision ? -1 : 1));
    return inOrder.flatMap(({ value }) => decode(value) ?? []);
  }

  async #read(call: EtcdCall): Promise<readonly KeyValue[]> {
    const { key, rangeEnd } = this.#keys.bookkeepingRange(folder);
    return (await this.#kv.range({ key, rangeEnd }, call)).kvs;
  }
}

function encode({ group, version, kind, plural, scope, keyPath, nameRule }: KindDefinition): string {
  return JSON.stringify({ group, version, kind, plural, scope, keyPath, nameRule });
}

function decode(value: Uint8Array): KindRecord | undefined {
  try {
    const { group, version, kind, plural, scope, keyPath, nameRule } = JSON.parse(textOf(value));
    const record = { group, version, kind, plural, scope, keyPath, nameRule };
    // Whatever it says is checked as a caller's spec would be.
    unfamiliarKind(record);
    return record;
  } catch {
    return undefined;
  }
}

function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
