/**
 * Options of reads, checked and normalized before anything is sent. Store, cache and cached store all use this file,
 * so they refuse the same options with the same messages.
 *
 *   limit            whole, 1 to limits.pageItemsMax
 *   continueToken    fixes the version: with it, read may be left out, "linearizable" or "any"
 *   watch            read only with sendInitialEvents, and never "exact": a watch has no one version
 */
import { checkTimeoutMs } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { type GetOptions, getNames, type ListOptions, listNames } from "../contract/reader.ts";
import { type ReadFreshness, readNames } from "../contract/scope.ts";
import { type WatchOptions, watchNames } from "../contract/watch.ts";
import type { KindDefinition } from "../model/kind.ts";
import { limits } from "../model/limits.ts";
import { parseResourceVersion } from "../model/revision.ts";
import { parseSelection, type Selection } from "../select/selection.ts";

/** A checked ReadFreshness. */
export type Freshness =
  | { readonly consistency: "linearizable" | "any" }
  | { readonly consistency: "notOlderThan" | "exact"; readonly revision: bigint };

const linearizable: Freshness = Object.freeze({ consistency: "linearizable" });
const any: Freshness = Object.freeze({ consistency: "any" });

/** @throws INVALID_ARGUMENT "read" or "read.resourceVersion" */
export function parseFreshness(read: ReadFreshness | undefined): Freshness {
  if (read === undefined) return linearizable;
  if (typeof read === "object" && read !== null) checkOptions(read, "read", readNames, "read");
  const { consistency, resourceVersion } = (read ?? {}) as {
    consistency?: unknown;
    resourceVersion?: unknown;
  };
  switch (consistency) {
    case "linearizable":
    case "any":
      if (resourceVersion !== undefined) {
        throw invalidArgument(
          "read.resourceVersion",
          `Cannot use ${quote(resourceVersion)} as read.resourceVersion: ${consistency} takes none`,
        );
      }
      return consistency === "any" ? any : linearizable;
    case "notOlderThan":
    case "exact":
      return { consistency, revision: parseResourceVersion(resourceVersion, "read.resourceVersion") };
    default:
      throw invalidArgument(
        "read",
        `Cannot use ${quote(consistency)} as consistency: expected "linearizable", "any", "notOlderThan" or "exact"`,
      );
  }
}

/** @throws INVALID_ARGUMENT */
export function parseGetOptions(options: GetOptions | undefined): { readonly freshness: Freshness } {
  checkOptions(options, "get", getNames);
  return { freshness: parseFreshness(options?.read) };
}

export interface ParsedListOptions {
  readonly selection: Selection;
  /** Undefined: all. */
  readonly limit: number | undefined;
  /** Unparsed text of plausible size; it determines the version, and `freshness` has no effect then. */
  readonly continueToken: string | undefined;
  readonly freshness: Freshness;
  readonly onCorrupt: ((error: StoreError) => void) | undefined;
}

/** @throws INVALID_ARGUMENT; INVALID_TOKEN for text that cannot be a token */
export function parseListOptions(kind: KindDefinition, options: ListOptions = {}): ParsedListOptions {
  checkOptions(options, "list", listNames);
  const { limit, continueToken, onCorrupt } = options;
  const selection = parseSelection(kind, {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  });
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1 && limit <= limits.pageItemsMax)) {
    throw invalidArgument(
      "limit",
      `Cannot use ${quote(limit)} as limit: expected a whole number from 1 to ${limits.pageItemsMax}`,
    );
  }
  checkedReporter(onCorrupt);
  const freshness = parseFreshness(options.read);
  if (continueToken !== undefined) {
    checkToken(continueToken);
    if ("revision" in freshness) {
      throw invalidArgument(
        "read",
        `Cannot read ${freshness.consistency} with a continueToken: the token fixes the version, expected no read`,
      );
    }
  }
  return { selection, limit, continueToken, freshness, onCorrupt };
}

function checkToken(token: unknown): void {
  if (typeof token !== "string") {
    throw invalidArgument("continueToken", `Cannot use ${quote(token)} as continueToken: expected text`);
  }
  if (token === "" || token.length > limits.continueTokenCharactersMax) {
    const reason = `it has ${token.length} characters`;
    throw new StoreError("INVALID_TOKEN", `Cannot go on from continueToken: ${reason}`, { reason });
  }
}

export interface ParsedWatchOptions {
  readonly selection: Selection;
  /** Delivers events after it; undefined: from now, or after the initial events. */
  readonly fromRevision: bigint | undefined;
  /** How fresh the initial events are; undefined: no initial events. */
  readonly initial: Freshness | undefined;
  /** The initial state is also not older than this. */
  readonly initialMinRevision: bigint | undefined;
  readonly bookmarks: boolean;
  readonly onCorrupt: ((error: StoreError) => void) | undefined;
}

/**
 * @param names the options of this watch, where it has more than the common ones
 * @throws INVALID_ARGUMENT
 */
export function parseWatchOptions(
  kind: KindDefinition,
  options: WatchOptions = {},
  names: NamesOf<WatchOptions> = watchNames,
): ParsedWatchOptions {
  checkOptions(options, "watch", names);
  checkTimeoutMs(options.timeoutMs, "watch");
  const selection = parseSelection(kind, options);
  const revision =
    options.resourceVersion === undefined
      ? undefined
      : parseResourceVersion(options.resourceVersion, "resourceVersion");
  const sendInitialEvents = checkedFlag(options.sendInitialEvents, "sendInitialEvents");
  const bookmarks = checkedFlag(options.bookmarks, "bookmarks");
  const onCorrupt = checkedReporter(options.onCorrupt);
  if (!sendInitialEvents) {
    if (options.read !== undefined) {
      throw invalidArgument(
        "read",
        "Cannot watch with read: it says how fresh the initial events are, expected sendInitialEvents",
      );
    }
    return {
      selection,
      fromRevision: revision,
      initial: undefined,
      initialMinRevision: undefined,
      bookmarks,
      onCorrupt,
    };
  }
  // A caller that names a version needs that version; a fresher state is read only on request.
  const initial =
    options.read === undefined && revision !== undefined
      ? ({ consistency: "notOlderThan", revision } as const)
      : parseFreshness(options.read);
  if (initial.consistency === "exact") {
    throw invalidArgument(
      "read",
      'Cannot watch with read "exact": a watch is not a read of one version, expected "linearizable", "any" or "notOlderThan"',
    );
  }
  return { selection, fromRevision: undefined, initial, initialMinRevision: revision, bookmarks, onCorrupt };
}

/** @throws INVALID_ARGUMENT "onCorrupt" when it is neither a function nor absent */
function checkedReporter<F extends (error: StoreError) => void>(onCorrupt: F | undefined): F | undefined {
  if (onCorrupt === undefined || typeof onCorrupt === "function") return onCorrupt;
  throw invalidArgument("onCorrupt", `Cannot use ${quote(onCorrupt)} as onCorrupt: expected a function`);
}

/** @throws INVALID_ARGUMENT when it is neither a boolean nor absent */
export function checkedFlag(value: unknown, argument: string): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw invalidArgument(argument, `Cannot use ${quote(value)} as ${argument}: expected a boolean`);
}
