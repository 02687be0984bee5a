/**
 * The seam for values in another program's format: etcd holds exactly that program's bytes, so that it can read what
 * is written here. Such values have no envelope: no write id, no checksum, no metadata segment.
 *
 * A format is defined above this layer (src/kubernetes) and passed down inside a `Codec`.
 */
import type { Head } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import type { HeadPart } from "./value.ts";

/** How another program stores its values; `kubernetesCodec` has one. */
export interface ForeignFormat {
  /** "kubernetes"; in errors and stats. */
  readonly name: string;
  /**
   * Whether a value in the clear begins as this format's values do. JSON ("{") need not be recognized: every codec
   * reads it.
   */
  recognizes(plain: Uint8Array): boolean;
  /**
   * The bytes of a complete object, without metadata.resourceVersion, in a buffer that the caller owns.
   * @param replaced the value in the clear that the write replaces, of any format
   * @throws INVALID_OBJECT, also when data of `replaced` that the format cannot represent would be lost
   */
  write(kind: KindDefinition, key: string, object: AnyResource, replaced: Uint8Array | undefined): Uint8Array;
  /** An object as it was stored. @throws DecodeFault */
  object(plain: Uint8Array): AnyResource;
  /**
   * The head alone; undefined: it must be computed from the whole object, in today's API version. @throws DecodeFault
   */
  head(plain: Uint8Array, kind: KindDefinition, part: HeadPart | undefined): Head | undefined;
  /** Whether the value, recognized or JSON, is in another form than `write` produces for the kind. */
  isStale(plain: Uint8Array, kind: KindDefinition): boolean;
  /** Describes the parts of the value that `object` omits; empty: none. @throws DecodeFault */
  unread(plain: Uint8Array): readonly string[];
}
