/**
 * Watches: whole versions, in order, exactly once; they end with a typed error when they cannot continue. See
 * docs/guarantees.md.
 */
import type { Call } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { StoreError } from "../../errors.ts";
import { type ReadFreshness, type Scoped, scopedNames } from "./scope.ts";

/** What `watch` takes. */
export interface WatchOptions extends Scoped {
  /** One object only. */
  readonly name?: string | undefined;
  /** Delivers events after it, exclusive; absent: from now. */
  readonly resourceVersion?: string | undefined;
  /**
   * ADDED for every existing object, then BOOKMARK with initialEventsEnd, then live events. With resourceVersion: a
   * state not older than it.
   */
  readonly sendInitialEvents?: boolean | undefined;
  /** How fresh that initial state is; default linearizable. */
  readonly read?: ReadFreshness | undefined;
  /** Delivers a BOOKMARK about every minute, and one before timeoutMs ends the loop. */
  readonly bookmarks?: boolean | undefined;
  /**
   * Reports unreadable objects here. They count as absent: no event shows one, and an object that was readable before
   * is DELETED with its last readable state. Without it the watch ends with CORRUPT_OBJECT.
   */
  readonly onCorrupt?: ((error: StoreError) => void) | undefined;
}

export const watchNames: NamesOf<WatchOptions> = {
  ...scopedNames,
  name: "text",
  resourceVersion: "text",
  sendInitialEvents: "boolean",
  read: "object",
  bookmarks: "boolean",
  onCorrupt: "function",
};

/** Begins at the call; allows one loop; leaving it or aborting ends it at once; errors are thrown. */
export interface Watch<T> extends AsyncIterable<WatchEvent<T>>, AsyncDisposable {
  /** Resolves once established: send the response's head now. Rejects as the loop would (EXPIRED, NOT_READY, …). */
  ready(options?: Call): Promise<{
    /**
     * The version after which events follow; with `sendInitialEvents` the version of the initial state or an earlier
     * one.
     */
    readonly resourceVersion: string;
  }>;
  /** Instead of the loop: all available events, as whole revisions. */
  batches(): AsyncIterable<readonly WatchEvent<T>[]>;
}

/**
 * Several events may share a version (createMany, TTL expiry, restores). They are delivered in one turn, all but the
 * last with `more`; resume only from one without it. A DELETED because the object no longer matches the selector has
 * the last matching body with the new version.
 */
export type WatchEvent<T> =
  | {
      /**
       * "ADDED": the object now exists, or now matches the selector; "MODIFIED"; "DELETED": it is gone, or no longer
       * matches; "BOOKMARK": everything up to its version has been delivered.
       */
      readonly type: "ADDED" | "MODIFIED" | "DELETED";
      /**
       * The object after the change; for "DELETED" its last matching state. `metadata.resourceVersion` is the event's
       * version.
       */
      readonly object: T;
      /** The version of the change; to resume, watch from the last one seen without `more`. */
      readonly resourceVersion: string;
      /** Further events of the same version follow in the same turn. */
      readonly more?: true;
      /** A cache has omitted earlier events of this object; only for a watch that asked for it. */
      readonly coalesced?: true;
    }
  | {
      readonly type: "BOOKMARK";
      readonly resourceVersion: string;
      /**
       * The initial events are complete: the events so far are the whole state at this version. Once, for
       * `sendInitialEvents`.
       */
      readonly initialEventsEnd?: true;
    };
