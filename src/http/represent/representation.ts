/**
 * How a client gets a kind's objects: as JSON, protobuf or YAML; whole, as rows of a table or as metadata alone.
 *
 * A representation turns each object version into bytes once (its `view`, kept by the cache), and all answers are made of
 * those bytes: an object, a list with the frame around it, the frames of a watch. So an object is encoded once for all
 * lists and watchers of a representation, and an event is framed once for all connections.
 *
 * Make each once per kind and keep it: two representations share nothing.
 */
import type { ListPage, WatchEvent } from "../../resource/contract/contract.ts";
import type { View } from "../../resource/contract/view.ts";
import type { Resource } from "../../resource/model/resource.ts";
import { accepts, type MediaType, parseAccept } from "./accept.ts";

/** What `as=` asks for; undefined: the objects themselves. */
export type Shape = "Table" | "PartialObjectMetadata" | undefined;

/** What a representation must know of a kind; a `Kind` is one. */
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

/** The parts of a list: its bytes, and how many there are together. */
export interface ListBody {
  /** Bytes of all slabs together. */
  readonly sizeBytes: number;
  /** Slabs in order, each made when it is asked for. */
  readonly slabs: Iterable<Uint8Array>;
}

/** The frames of a batch of events, one after the other. */
export interface WatchFrames {
  /** As a stream carries them. */
  readonly plain: Uint8Array;
  /** The same as one chunk of HTTP/1.1's chunked coding: length, bytes, line end. */
  readonly chunk: Uint8Array;
}

/** How objects of a kind are shown: as JSON, protobuf, YAML, a table or metadata alone. Made once per kind. */
export interface Representation {
  /** "application/json": what Accept must name. */
  readonly type: string;
  /** What `as=` must ask for. */
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
  /** Frames of `events`, made once however many connections ask. */
  frames(events: readonly WatchEvent<Uint8Array>[]): WatchFrames;
  /** The last frame of a watch that fails. */
  errorFrames(status: object): WatchFrames;
  /** The body of something else, such as a Status: an object with apiVersion and kind. */
  document(value: object): Uint8Array;
}

/**
 * The representation an Accept header wants; undefined: none of these, answer 406.
 * @param representations of one kind, the server's favourite first
 * @param purpose "watch": those that cannot be watched are passed over
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

/** What a media type's `as` asks for; "unknown" for what no representation has. A list of partial metadata is the same representation. */
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
