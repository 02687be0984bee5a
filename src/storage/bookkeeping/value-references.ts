/**
 * The records that a stored value depends on, and the compares for them in its own transaction:
 *
 *   dictionary       dictionaries/<resource>/<name>     without it the value can never be read
 *   sealing key id   sealing/<resource>/<key id>        without it a kind opens silently without the key
 *
 * After a restore under a running process, etcd may have neither, whatever this process remembers. A write is then
 * refused and prepared again: with plain maps, or once the record exists again. An acknowledged write is readable by
 * a new process.
 */
import { sealedUnder, usedDictionary } from "../../codec/value-dependencies.ts";
import { isStoreError } from "../../errors.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { ReferenceParts, ReferringKind } from "../context/storage-context.ts";
import type { GuardPart } from "../seam/write-guard.ts";
import { dictionaryKey } from "./dictionary-store.ts";

export class ValueReferences implements ReferenceParts {
  readonly #kv: Pick<Kv, "txn">;
  readonly #keys: KeySpace;
  /** The compare for the dictionary that writes of a kind use now: created once for many writes. */
  readonly #dictionaryParts = new WeakMap<
    ReferringKind,
    { readonly name: string; readonly part: GuardPart }
  >();
  /** By key of the sealing record: the compare for writes under that key; undefined where records cannot be written. */
  readonly #sealingParts = new Map<string, GuardPart | undefined>();

  /** By key of the sealing record: its content. */
  readonly #checkValues = new Map<string, string>();

  constructor(kv: Pick<Kv, "txn">, keys: KeySpace) {
    this.#kv = kv;
    this.#keys = keys;
  }

  partFor(
    kind: ReferringKind,
    value: Uint8Array,
    call: EtcdCall,
  ): GuardPart | undefined | Promise<GuardPart | undefined> {
    const dictionary = usedDictionary(value);
    if (dictionary !== undefined) return this.#dictionaryPart(kind, dictionary);
    const keyId = sealedUnder(value);
    if (keyId === undefined) return undefined;
    const { resource } = kind.definition;
    const key = this.#sealingKey(resource, keyId);
    return this.#sealingParts.has(key)
      ? this.#sealingParts.get(key)
      : this.recordKey(resource, keyId, call).then(() => this.#sealingParts.get(key));
  }

  async recordKey(resource: string, keyId: string, call: EtcdCall): Promise<void> {
    const key = this.#sealingKey(resource, keyId);
    try {
      await this.#kv.txn(
        {
          compare: [{ key, target: "create", result: "=", operand: 0n }],
          success: [{ type: "put", put: { key, value: this.#checkValues.get(key) ?? "" } }],
          failure: [],
        },
        call,
      );
    } catch (error) {
      if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED", "OUTCOME_UNKNOWN")) throw error;
      // After a lost response, the next write's own compare shows the outcome.
      if (!isStoreError(error, "OUTCOME_UNKNOWN")) {
        this.#sealingParts.set(key, undefined);
        return;
      }
    }
    this.keyIsRecorded(resource, keyId);
  }

  checkBy(resource: string, keyId: string, checkValue: string): void {
    this.#checkValues.set(this.#sealingKey(resource, keyId), checkValue);
  }

  keyIsRecorded(resource: string, keyId: string): void {
    const key = this.#sealingKey(resource, keyId);
    this.#sealingParts.set(
      key,
      mustExist(key, () => this.#sealingParts.delete(key)),
    );
  }

  /** The history was replaced: the records of sealing keys are read again. */
  forget(): void {
    this.#sealingParts.clear();
  }

  #dictionaryPart(kind: ReferringKind, name: string): GuardPart {
    const known = this.#dictionaryParts.get(kind);
    if (known?.name === name) return known.part;
    const key = dictionaryKey(this.#keys, kind.definition.resource, name);
    const part = mustExist(key, () => kind.codec.forgetDictionaries());
    this.#dictionaryParts.set(kind, { name, part });
    return part;
  }

  #sealingKey(resource: string, keyId: string): string {
    return sealingKeyRecord(this.#keys, resource, keyId);
  }
}

/** Where the check value of a key is recorded. Key ids are free text: "." and ".." as well as "a/b". */
export function sealingKeyRecord(keys: KeySpace, resource: string, keyId: string): string {
  const word = /^\.{1,2}$/.test(keyId) ? keyId.replaceAll(".", "%2E") : encodeURIComponent(keyId);
  return keys.bookkeeping("sealing", resource, word);
}

/**
 * A part that succeeds while `key` exists.
 * @param missing called when it does not, before the write is prepared again
 */
function mustExist(key: string, missing: () => void): GuardPart {
  return {
    compares: [{ key, target: "create", result: ">", operand: 0n }],
    ops: [],
    reads: [{ key, keysOnly: true }],
    applied: () => undefined,
    refused: ([found]) => {
      if (found !== undefined && found.kvs.length > 0) return "not mine";
      missing();
      return "mine";
    },
    abandoned: () => undefined,
  };
}
