/** Checks the options of a restore: revisions, the bump, a directory's name. */
import { resolve } from "node:path";
import { invalidArgument, StoreError } from "../../errors.ts";
import { laterOf } from "../files/revision-order.ts";
import type { Examined } from "../records/examine.ts";

const revisionMax = 2n ** 63n - 1n;

/** @throws INVALID_ARGUMENT */
export function parseRevision(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,18}$/.test(text)) return BigInt(text);
  throw invalidArgument(
    "toRevision",
    `Cannot restore snapshot: toRevision is "${text}", expected a decimal number above 0`,
  );
}

/** An empty text would mean the working directory. */
export function pathOf(option: "dataDir" | "walDir", path: string | undefined): string {
  if (typeof path === "string" && path !== "") return resolve(path);
  throw invalidArgument(option, `Cannot restore snapshot: ${option} is no path`);
}

/** @throws INVALID_ARGUMENT for an invalid bump, or one that is not ahead */
export function checkBump(bump: bigint | false | undefined): void {
  if (bump === undefined || bump === false) return;
  if (typeof bump !== "bigint") {
    throw invalidArgument(
      "bumpRevision",
      `Cannot restore snapshot: bumpRevision is ${bump}, expected a bigint or false`,
    );
  }
  if (bump > 0n) return;
  throw invalidArgument("bumpRevision", `Cannot restore snapshot: bumpRevision is ${bump}, expected above 0`);
}

/** @throws INVALID_ARGUMENT for a revision that etcd cannot have */
export function checkBumpTo(bumpTo: bigint | undefined): void {
  if (bumpTo === undefined || bumpTo <= revisionMax) return;
  throw invalidArgument("bumpRevision", `Cannot restore snapshot: revision ${bumpTo} is beyond 2^63 - 1`);
}

/** @throws INVALID_ARGUMENT for a revision after the last, EXPIRED for one before the compaction */
export function checkReach(examined: Examined, revision: bigint, last: bigint): void {
  // A compaction in progress may have removed records already, up to its target revision.
  const { compactRevision, scheduledCompactRevision, info } = examined;
  const floor = laterOf(compactRevision, scheduledCompactRevision);
  if (revision > last) {
    throw invalidArgument(
      "toRevision",
      `Cannot restore snapshot "${info.path}" to revision ${revision}: its last is ${last}`,
    );
  }
  if (revision >= floor || revision === last) return;
  throw new StoreError(
    "EXPIRED",
    `Cannot restore snapshot "${info.path}" to revision ${revision}: its history begins at ${floor}`,
    { compacted: floor.toString(), resourceVersion: revision.toString(), reason: "compacted" },
  );
}
