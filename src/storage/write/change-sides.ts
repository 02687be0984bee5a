/**
 * A change of one object as guards see it: its states before and after, with the amounts that count for quotas.
 *
 *   value has amounts (an envelope)       they are what was charged
 *   no amounts (plain JSON, foreign)      the record beside it (context/charged-amounts.ts); else measured again
 *
 * Heads and amounts of the previous state are read on request; most writes never need them.
 */
import type { Call } from "../../base/call.ts";
import type { MaybePromise, PlainValue, ValueCodec } from "../../codec/form/value.ts";
import { isStoreError } from "../../errors.ts";
import type { TxnOp } from "../../etcd/ports/messages.ts";
import type { Head, RecordedHead } from "../../resource/model/head.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import type { StorageContext } from "../context/storage-context.ts";
import type { Place } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import type { Change, ChangeSide, GuardPart } from "../seam/write-guard.ts";

/** etcd's metadata of a value that cannot be read here. */
export interface UnreadState {
  readonly modRevision: bigint;
  readonly lease: bigint;
  readonly storedBytes: number;
}

export interface ObjectChange {
  readonly place: Place;
  /** The state that the write is conditional on; undefined: the object must not exist. */
  readonly before: StoredRecord | undefined;
  /** Instead of `before`: an unreadable state, known only from outside. */
  readonly unread?: UnreadState | undefined;
  /** The complete object to store; undefined: it is removed. */
  readonly after: AnyResource | undefined;
  /** The lease the object lives on; 0n for none. */
  readonly lease: bigint;
  /** No put may be sent: etcd is out of space, and this is a removal. */
  readonly withoutPuts?: boolean | undefined;
  /** Stored in today's form, whatever form the previous state has. */
  readonly convert?: boolean | undefined;
  /** A dry run: nothing is recorded for it. */
  readonly isDryRun?: boolean | undefined;
}

/** The change as guards see it. @param was the result of `sideBefore` */
export function changeFor(
  handle: KindHandle,
  { place, lease }: ObjectChange,
  isDeletion: boolean,
  was: ChangeSide | undefined,
  head: Head | undefined,
  value: Uint8Array | undefined,
): Change {
  return {
    isDeletion,
    kind: handle.definition,
    key: place.key,
    namespace: place.at.namespace,
    name: place.at.name,
    before: was,
    after:
      head === undefined || value === undefined
        ? undefined
        : { head, recorded: head, charged: () => head, storedBytes: value.byteLength, lease },
  };
}

/** The state that the change starts from; undefined for a creation. */
export function sideBefore(
  handle: KindHandle,
  { place, before, unread }: ObjectChange,
): ChangeSide | undefined {
  if (before?.value !== undefined) return new StateBefore(handle, before, before.value);
  return unread && unreadSide(handle, place, unread);
}

/** The charged amounts of a state; undefined where they are unknown. */
export async function amountsOf(side: ChangeSide, call: Call): Promise<Head["amounts"] | undefined> {
  try {
    return (await side.charged(call)).amounts;
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) return undefined;
    throw error;
  }
}

/**
 * The write's effect on the amounts recorded beside the value: put where they count and the value does not contain
 * them, removed with the object or once the value contains them.
 * @param kept the amounts of the previous state, where they are kept
 */
export function recordedAmounts(
  { context, definition, codec, lifecycle }: KindHandle,
  { place, before, unread, after, lease, convert, withoutPuts }: ObjectChange,
  head: Head | undefined,
  kept: Head["amounts"] | undefined,
  parts: readonly GuardPart[],
): { readonly ops: readonly TxnOp[]; readonly charged: Head["amounts"] | undefined } {
  const { charged } = context;
  const replaces = before?.value;
  const isInValue = after === undefined || codec.sealsAmounts({ replaces, convert });
  if (head === undefined || isInValue) {
    const mayBeBeside = unread !== undefined || (replaces !== undefined && !codec.keepsAmounts(replaces));
    return { ops: mayBeBeside ? [charged.remove(place.key)] : [], charged: undefined };
  }
  const isAsked = parts.some((part) => part.countsAmounts === true);
  // A built-in kind never measures anything.
  const count = lifecycle === undefined && (definition.measures || kept !== undefined || isAsked);
  if (!count || withoutPuts === true) return { ops: [], charged: undefined };
  return { ops: [charged.put(place.key, head.amounts, lease)], charged: head.amounts };
}

/** For an unreadable object: what its key and its size say, and its recorded amounts. */
function unreadSide(
  { context, definition }: KindHandle,
  { key, at }: Place,
  { modRevision, storedBytes, lease }: UnreadState,
): ChangeSide {
  const { apiVersion, kind, headerVersion } = definition;
  // Its uid and other metadata are in the unreadable value.
  const metadata = { ...at } as Head["metadata"];
  const head = { apiVersion, kind, metadata, fields: {}, amounts: {}, headerVersion };
  const charged = async ({ signal }: Call): Promise<RecordedHead> => ({
    metadata,
    amounts: await context.charged.of(key, modRevision, signal),
  });
  return { head, recorded: { metadata, amounts: undefined }, charged, storedBytes, lease };
}

/** The state that a change starts from. */
class StateBefore implements ChangeSide {
  readonly #context: StorageContext;
  readonly #codec: ValueCodec;
  readonly #record: StoredRecord;
  readonly #value: PlainValue;

  constructor({ context, codec }: KindHandle, record: StoredRecord, value: PlainValue) {
    this.#context = context;
    this.#codec = codec;
    this.#record = record;
    this.#value = value;
  }

  get lease(): bigint {
    return this.#record.lease;
  }

  /**
   * As the kind's functions read it; where they fail, as it was stored: a delete or an update can then repair an
   * unreadable object.
   */
  get head(): Head {
    try {
      return this.#codec.head(this.#value);
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
      return this.#codec.storedHead(this.#value);
    }
  }

  get recorded(): RecordedHead {
    return this.#codec.recorded(this.#value);
  }

  charged({ signal }: Call): MaybePromise<RecordedHead> {
    if (this.#codec.keepsAmounts(this.#value)) return this.recorded;
    const { key, modRevision, charged } = this.#record;
    const known = charged === undefined ? this.#context.charged.of(key, modRevision, signal) : charged;
    return known instanceof Promise ? known.then((found) => this.#chargedBy(found)) : this.#chargedBy(known);
  }

  #chargedBy(amounts: Head["amounts"] | undefined): RecordedHead {
    if (amounts === undefined) return this.recorded;
    return { metadata: this.#codec.storedHead(this.#value).metadata, amounts };
  }

  get storedBytes(): number {
    return this.#value.storedBytes;
  }
}
