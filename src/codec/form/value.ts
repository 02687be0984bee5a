/**
 * The value codec seam: what storage and cache know of stored bytes.
 *
 *   object + Head + write id --seal--> bytes      (what etcd holds)
 *   bytes --open--> PlainValue --head/object-->   (decrypted, checked; then synchronous)
 *
 * One `ValueCodec` per kind. Every known format is read whatever the write codec is.
 */
import type { Head, RecordedHead } from "../../resource/model/head.ts";
import type { AnyResource } from "../../resource/model/resource.ts";

/** Returned directly, or as a promise where a key service or etcd must be asked. */
export type MaybePromise<T> = T | Promise<T>;

/** A stored value, decrypted, decompressed and checked. `bytes` may be retained: they retain no other memory. */
export interface PlainValue {
  /** The value in the clear, envelope included. */
  readonly bytes: Uint8Array;
  /**
   * Not in today's form (another format version, codec, key, apiVersion or headerVersion): the next write must not be
   * skipped as a no-op.
   */
  readonly stale: boolean;
  /** Size of the value in etcd, bytes: what quotas count as "bytes". */
  readonly storedBytes: number;
}

/** The parts of one stored value. */
export interface SealParts {
  /** Full etcd key, the additional authenticated data of encryption. */
  readonly key: string;
  /** Complete object; metadata.resourceVersion is ignored. */
  readonly object: AnyResource;
  /** The part that selectors and indexes read without the body. */
  readonly head: Head;
  /** 16 bytes, fresh per attempt; settles unknown outcomes. */
  readonly writeId: Uint8Array;
  /** The value that this one replaces; absent: none. A foreign format refuses to lose data that it cannot represent. */
  readonly replaces?: PlainValue | undefined;
  /**
   * Written in this codec's own form, whatever form `replaces` has. Default: another program's form is kept
   * (`keepsForm`).
   */
  readonly convert?: boolean | undefined;
}

/** Which parts of a stored value to open; the defaults are for ordinary reads. */
export interface OpenOptions {
  /**
   * "head": of a sealed value only the metadata segment is opened and authenticated now. Reading `bytes` or `object`
   * opens the body, and may then throw CORRUPT_OBJECT. For selectors over many values. Default: the whole value.
   */
  readonly part?: "head" | undefined;
  /**
   * "accept": plaintext is accepted, as stale, where sealed values are expected. For `rewrite`, which migrates it.
   * Default: CORRUPT_OBJECT.
   */
  readonly plaintext?: "accept" | undefined;
}

/** "selected": of metadata only name, namespace and labels are guaranteed, which selectors and indexes read. */
export type HeadPart = "selected";

/** Converts between stored bytes and objects of one kind. */
export interface ValueCodec {
  /**
   * The bytes to store. A promise only when a key service must be asked.
   * @throws INVALID_OBJECT (not plain data, too deep, unsafe numbers: with the field's path)
   */
  seal(parts: SealParts): MaybePromise<Uint8Array>;
  /**
   * A stored value, decrypted and checked. A promise only when a key service or a dictionary must be asked for.
   * @throws CORRUPT_OBJECT with key and reason; UNAVAILABLE when a key service or dictionary cannot be reached
   */
  open(key: string, stored: Uint8Array, options?: OpenOptions): MaybePromise<PlainValue>;
  /** Lower-case hex of the write id; undefined for formats without one (raw JSON). */
  writeId(value: PlainValue): string | undefined;
  /** From the metadata segment alone where there is one. A fresh object each time. @throws CORRUPT_OBJECT */
  head(value: PlainValue, part?: HeadPart): Head;
  /**
   * The head as stored, in whatever version of its kind; runs none of the kind's functions. Of raw JSON: its
   * metadata, without fields and amounts. @throws CORRUPT_OBJECT
   */
  storedHead(value: PlainValue): Head;
  /**
   * As written, whichever field schema it was stored with; recorded amounts are not measured again.
   * @throws CORRUPT_OBJECT
   */
  recorded(value: PlainValue): RecordedHead;
  /** Whether the value has recorded amounts: every envelope has. Without them, `recorded` measures again. */
  keepsAmounts(value: PlainValue): boolean;
  /** Whether a value that `seal` produces from these parts has recorded amounts. */
  sealsAmounts(parts: Pick<SealParts, "replaces" | "convert">): boolean;
  /**
   * The whole object without metadata.resourceVersion; a new copy each time, owned by the caller.
   * @throws CORRUPT_OBJECT
   */
  object(value: PlainValue): AnyResource;
  /**
   * Whether a write that replaces the value keeps its form: plain JSON from another program, where this codec's own form
   * is an envelope that no other program reads. `convert` overrides it.
   */
  keepsForm(value: PlainValue): boolean;
  /**
   * Describes the parts of a stored value that `object` omits, for people ("core/v1.PodSpec field 61", which a newer
   * Kubernetes wrote): a write that would lose them is refused. Empty for every value of keelson's own formats.
   * @throws CORRUPT_OBJECT
   */
  unread(value: PlainValue): readonly string[];
}
