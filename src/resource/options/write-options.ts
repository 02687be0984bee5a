/**
 * Options of writes, checked before anything is sent: times to live, grace periods, subresources, policies.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { CreateOptions, DeleteOptions, WriteOptions } from "../contract/write-options.ts";
import type { KindDefinition } from "../model/kind.ts";
import { limits } from "../model/limits.ts";
import { copyPlainData } from "../model/plain-data.ts";
import { type ParsedPreconditions, parsePreconditions } from "./preconditions.ts";
import { checkedFlag } from "./read-options.ts";

/** @throws INVALID_ARGUMENT "ttlSeconds" */
export function checkTtl(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined || isWholeWithin(ttlSeconds, limits.ttlSecondsMin, limits.ttlSecondsMax)) {
    return ttlSeconds;
  }
  throw invalidArgument(
    "ttlSeconds",
    `Cannot use ${quote(ttlSeconds)} as ttlSeconds: expected whole seconds from ${limits.ttlSecondsMin} to ${limits.ttlSecondsMax}`,
  );
}

/** A grace period, given or computed. @throws INVALID_ARGUMENT "gracePeriodSeconds" */
export function checkGrace(gracePeriodSeconds: number): number {
  if (isWholeWithin(gracePeriodSeconds, 0, limits.gracePeriodSecondsMax)) return gracePeriodSeconds;
  throw invalidArgument(
    "gracePeriodSeconds",
    `Cannot use ${quote(gracePeriodSeconds)} as gracePeriodSeconds: expected whole seconds from 0 to ${limits.gracePeriodSecondsMax}`,
  );
}

/** @throws INVALID_ARGUMENT */
export function parseCreateOptions(options: CreateOptions = {}): {
  readonly ttlSeconds: number | undefined;
  readonly dryRun: boolean;
} {
  return { ttlSeconds: checkTtl(options.ttlSeconds), dryRun: checkedFlag(options.dryRun, "dryRun") };
}

export interface ParsedWriteOptions {
  readonly preconditions: ParsedPreconditions;
  readonly ttlSeconds: number | undefined;
  readonly dryRun: boolean;
  readonly subresource: "status" | "all" | undefined;
}

/** @throws INVALID_ARGUMENT; "subresource" also for "status" of a kind without one */
export function parseWriteOptions(kind: KindDefinition, options: WriteOptions = {}): ParsedWriteOptions {
  const { subresource } = options;
  if (subresource !== undefined && subresource !== "status" && subresource !== "all") {
    throw invalidArgument(
      "subresource",
      `Cannot use ${quote(subresource)} as subresource: expected "status" or "all"`,
    );
  }
  if (subresource === "status" && !kind.status) {
    throw invalidArgument(
      "subresource",
      `Cannot write the status of ${kind.kind}: the kind has no status subresource`,
    );
  }
  return {
    preconditions: parsePreconditions(options.preconditions),
    ttlSeconds: checkTtl(options.ttlSeconds),
    dryRun: checkedFlag(options.dryRun, "dryRun"),
    subresource,
  };
}

export interface ParsedDeleteOptions<T> {
  readonly preconditions: ParsedPreconditions;
  readonly dryRun: boolean;
  readonly validate: ((current: T) => void | Promise<void>) | undefined;
  /** Of the live object; checks the result of a caller's function. */
  readonly graceOf: (current: T) => number;
  readonly propagationPolicy: "Background" | "Foreground" | "Orphan" | undefined;
  /** Only an unreadable object is deleted. */
  readonly unreadable: boolean;
}

const policies: readonly unknown[] = [undefined, "Background", "Foreground", "Orphan"];

/** @throws INVALID_ARGUMENT */
export function parseDeleteOptions<T>(options: DeleteOptions<T> = {}): ParsedDeleteOptions<T> {
  const { gracePeriodSeconds: grace = 0, propagationPolicy, validate } = options;
  if (!policies.includes(propagationPolicy)) {
    throw invalidArgument(
      "propagationPolicy",
      `Cannot use ${quote(propagationPolicy)} as propagationPolicy: expected "Background", "Foreground" or "Orphan"`,
    );
  }
  if (typeof grace !== "function") checkGrace(grace);
  const preconditions = parsePreconditions(options.preconditions);
  return {
    preconditions,
    dryRun: checkedFlag(options.dryRun, "dryRun"),
    unreadable: parseUnreadable(options, preconditions),
    // The caller's functions get a copy: what they change in it must not become part of the write.
    validate: validate === undefined ? undefined : (current) => validate(copyPlainData(current)),
    graceOf:
      typeof grace === "function" ? (current) => checkGrace(grace(copyPlainData(current))) : () => grace,
    propagationPolicy,
  };
}

const unreadableOption = "ignoreStoreReadErrorWithClusterBreakingPotential";

/** Options about an object's content have no meaning for an unreadable one. @throws INVALID_ARGUMENT */
function parseUnreadable<T>(options: DeleteOptions<T>, { uid }: ParsedPreconditions): boolean {
  if (!checkedFlag(options[unreadableOption], unreadableOption)) return false;
  const { gracePeriodSeconds, propagationPolicy, validate } = options;
  const beside = { gracePeriodSeconds: gracePeriodSeconds || undefined, propagationPolicy, validate };
  const [stray] = [
    ...Object.entries(beside).flatMap(([name, value]) => (value === undefined ? [] : [name])),
    ...(uid === undefined ? [] : ["preconditions.uid"]),
  ];
  if (stray === undefined) return true;
  throw invalidArgument(
    unreadableOption,
    `Cannot delete with ${unreadableOption} and ${stray}: what cannot be read has nothing to hold it against`,
  );
}

function isWholeWithin(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
