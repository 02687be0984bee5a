/**
 * The seam for values as another program stores them: what lies in etcd is exactly that program's bytes, so that it reads
 * what is written here. Such values have no envelope: no write id, no checksum, no metadata segment.
 *
 * A format lives above this layer (src/kubernetes) and comes down inside a `Codec`.
 */
import type { Head } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import type { HeadPart } from "./value.ts";

/** How another program stores its values; `kubernetesCodec` has one. */
export interface ForeignFormat {
  /** "kubernetes"; in errors and stats. */
  readonly name: string;
  /** Whether a value in the clear begins as this format's do. JSON ("{") need not be told: every codec reads it. */
  recognizes(plain: Uint8Array): boolean;
  /**
   * The bytes of a complete object, without metadata.resourceVersion; a buffer of the caller's own.
   * @param replaced the value in the clear that the write replaces, of any format
   * @throws INVALID_OBJECT, also when something of `replaced` would be lost that the format cannot show
   */
  write(kind: KindDefinition, key: string, object: AnyResource, replaced: Uint8Array | undefined): Uint8Array;
  /** An object as it was stored. @throws DecodeFault */
  object(plain: Uint8Array): AnyResource;
  /** The head alone; undefined: it has to be made from the whole object, in today's API version. @throws DecodeFault */
  head(plain: Uint8Array, kind: KindDefinition, part: HeadPart | undefined): Head | undefined;
  /** Whether the value, recognized or JSON, is in another form than `write` gives for the kind. */
  isStale(plain: Uint8Array, kind: KindDefinition): boolean;
  /** What of the value `object` does not show, in words; empty: nothing. @throws DecodeFault */
  unread(plain: Uint8Array): readonly string[];
}
