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

/** Given at once, or promised where something must be asked for. */
export type MaybePromise<T> = T | Promise<T>;

/** A stored value, decrypted, decompressed and checked. `bytes` may be retained: it pins nothing else. */
export interface PlainValue {
  /** The value in the clear, envelope included. */
  readonly bytes: Uint8Array;
  /** Not in today's form (another format version, codec, key, apiVersion or headerVersion): the next write must not be skipped as a no-op. */
  readonly stale: boolean;
  /** Size of the value in etcd, bytes: what quotas count as "bytes". */
  readonly storedBytes: number;
}

/** What one stored value is made of. */
export interface SealParts {
  /** Full etcd key, the additional authenticated data of encryption. */
  readonly key: string;
  /** Complete object; metadata.resourceVersion is ignored. */
  readonly object: AnyResource;
  /** What selectors and indexes read without the body. */
  readonly head: Head;
  /** 16 bytes, fresh per attempt; settles unknown outcomes. */
  readonly writeId: Uint8Array;
  /** The value this one replaces; absent: there is none. A foreign format refuses to lose what it cannot show. */
  readonly replaces?: PlainValue | undefined;
  /** In this codec's own form, whatever form `replaces` has. Default: another program's form is kept (`keepsForm`). */
  readonly convert?: boolean | undefined;
}

/** What of a stored value is to be opened; each has its default for everyday reads. */
export interface OpenOptions {
  /**
   * "head": of a sealed value only the metadata segment is opened (and proved) now, the body when `bytes` or `object` is
   * asked for, which may then throw CORRUPT_OBJECT. For selectors over many values. Default: the whole.
   */
  readonly part?: "head" | undefined;
  /** "accept": plaintext is taken where sealed values are expected, as stale. For `rewrite`, which migrates it. Default: it is CORRUPT_OBJECT. */
  readonly plaintext?: "accept" | undefined;
}

/** "selected": of metadata only name, namespace and labels are sure to be there, which is what selectors and indexes look at. */
export type HeadPart = "selected";

/** Stored bytes and objects of one kind, both ways. */
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
  /** Lower-case hex of the write id; undefined for formats without (raw JSON). */
  writeId(value: PlainValue): string | undefined;
  /** From the metadata segment alone where there is one. A fresh object each time. @throws CORRUPT_OBJECT */
  head(value: PlainValue, part?: HeadPart): Head;
  /**
   * The head as it is on record, in whatever version of its kind; none of the kind's functions is run. Of raw JSON: its
   * metadata, without fields and amounts. @throws CORRUPT_OBJECT
   */
  storedHead(value: PlainValue): Head;
  /** As it was written, whichever field schema it was stored with; recorded amounts are not measured again. @throws CORRUPT_OBJECT */
  recorded(value: PlainValue): RecordedHead;
  /** Whether the value has amounts on record: every envelope has. Of another `recorded` measures them anew. */
  keepsAmounts(value: PlainValue): boolean;
  /** Whether what `seal` makes of these has amounts on record. */
  sealsAmounts(parts: Pick<SealParts, "replaces" | "convert">): boolean;
  /** The whole object without metadata.resourceVersion; fresh each time, the caller's own. @throws CORRUPT_OBJECT */
  object(value: PlainValue): AnyResource;
  /**
   * Whether a write that replaces the value keeps the form it is in: plain JSON, which another program has written, where this
   * codec's own is an envelope that no other program reads. `convert` says otherwise.
   */
  keepsForm(value: PlainValue): boolean;
  /**
   * What of a stored value `object` does not show, in words for people ("core/v1.PodSpec field 61", which a newer Kubernetes
   * wrote): a write that would lose it is refused. Empty for every value of keelson's own formats. @throws CORRUPT_OBJECT
   */
  unread(value: PlainValue): readonly string[];
}
