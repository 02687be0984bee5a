/**
 * The forms in which a client receives a kind's objects: JSON, protobuf or YAML; whole, as table rows or as metadata
 * alone.
 *
 * A representation turns each object version into bytes once (its `view`, kept by the cache), and builds all responses
 * from those bytes: an object, a list with the frame around it, the frames of a watch. So an object is encoded once for
 * all lists and watchers of a representation, and an event is framed once for all connections.
 *
 * Create each once per kind and keep it: two representations share nothing.
 */
import type { ListPage } from "../../resource/contract/reader.ts";
import type { View } from "../../resource/contract/view.ts";
import type { WatchEvent } from "../../resource/contract/watch.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { accepts, type MediaType, parseAccept } from "./accept.ts";

/** The value of `as=`; undefined: the objects themselves. */
export type Shape = "Table" | "PartialObjectMetadata" | undefined;

/** The facts of a kind that a representation needs; a `Kind` has them. */
export interface KindName {
  /** "" is the core group. */
  readonly group: string;
  /** "v1". */
  readonly version: string;
  /** "Deployment". */
  readonly kind: string;
}

/** "apps/v1". */
export function apiVersionOf({ group, version }: KindName): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The parts of a list: its bytes and their total size. */
export interface ListBody {
  /** Size of all slabs together, bytes. */
  readonly sizeBytes: number;
  /** Slabs in order, each built on request. */
  readonly slabs: Iterable<Uint8Array>;
}

/** The frames of a batch of events, one after the other. */
export interface WatchFrames {
  /** For a stream without chunked coding. */
  readonly plain: Uint8Array;
  /** The same as one chunk of HTTP/1.1's chunked coding: length, bytes, line end. */
  readonly chunk: Uint8Array;
}

/**
 * How objects of a kind are represented: as JSON, protobuf, YAML, a table or metadata alone. Create it once per kind.
 */
export interface Representation {
  /** The media type that Accept must name, e.g. "application/json". */
  readonly type: string;
  /** The value that `as=` must have. */
  readonly shape: Shape;
  /** Content-Type of an object, a list or a Status. */
  readonly contentType: string;
  /** Content-Type of a watch; undefined: it cannot be watched in this representation. */
  readonly watchContentType: string | undefined;
  /** Read and watch through it: `resources.as(representation.view)`. */
  readonly view: View<Resource, Uint8Array>;
  /** The body that shows one object. */
  object(item: Uint8Array): Uint8Array;
  /** The body that shows a page of a list. */
  list(page: ListPage<Uint8Array>): ListBody;
  /** Frames of `events`, built once for all connections. */
  frames(events: readonly WatchEvent<Uint8Array>[]): WatchFrames;
  /** The last frame of a watch that fails. */
  errorFrames(status: object): WatchFrames;
  /** The body of another object, such as a Status, with apiVersion and kind. */
  document(value: object): Uint8Array;
}

/**
 * The representation that an Accept header prefers; undefined: none of these, answer 406.
 * @param representations of one kind, the server's preferred one first
 * @param purpose "watch": skips those that cannot be watched
 */
export function negotiate(
  accept: string | undefined,
  representations: readonly Representation[],
  purpose: "read" | "watch" = "read",
): Representation | undefined {
  const offered =
    purpose === "read"
      ? representations
      : representations.filter(({ watchContentType }) => watchContentType !== undefined);
  for (const wanted of parseAccept(accept)) {
    const found = offered.find((offer) => fits(wanted, offer));
    if (found !== undefined) return found;
  }
  return undefined;
}

function fits(wanted: MediaType, { type, shape }: Representation): boolean {
  return accepts(wanted, type) && shapeOf(wanted) === shape;
}

/**
 * The value of a media type's `as`; "unknown" if no representation has it. A list of partial metadata is the same
 * representation.
 */
function shapeOf({ parameters }: MediaType): Shape | "unknown" {
  const as = parameters.get("as");
  if (as === undefined) return undefined;
  const isMeta = parameters.get("g") === "meta.k8s.io" && parameters.get("v") === "v1";
  if (!isMeta) return "unknown";
  if (as === "Table") return "Table";
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList"
    ? "PartialObjectMetadata"
    : "unknown";
}
