/**
 * Recorded kinds: what a process needs to find the objects of kinds that it does not define.
 *
 *   /keelson<prefix>/kinds/<keyPath>      JSON: group, version, kind, plural, scope, keyPath, nameRule
 *
 * Written when a kind is opened and never removed, because its objects may still exist. One record per key path, so a
 * kind that moves leaves a record of its former place. Without space or permission nothing is written, and the store
 * still works.
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
/** Lost responses in a row after which a record counts as not written. */
const triesMax = 5;

export class KindRecords {
  readonly #kv: Pick<Kv, "range" | "txn">;
  readonly #keys: KeySpace;

  constructor(kv: Pick<Kv, "range" | "txn">, keys: KeySpace) {
    this.#kv = kv;
    this.#keys = keys;
  }

  /**
   * Records `definitions` where records are missing or differ. The last writer of a record wins. A lost response is
   * settled by another read: afterwards they are recorded, or the call throws.
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
            // Without space or permission no object of the kind is written either.
            if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) throw error;
          }
        }),
    );
  }

  /** Every recorded kind, without fields, measures or validation. Unreadable records are omitted. */
  async list(call: EtcdCall): Promise<readonly Kind[]> {
    return (await this.records(call)).map((record) => unfamiliarKind(record));
  }

  /** The same as plain data, the newest record last. */
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
    // The record is checked like a caller's spec.
    unfamiliarKind(record);
    return record;
  } catch {
    return undefined;
  }
}

function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
