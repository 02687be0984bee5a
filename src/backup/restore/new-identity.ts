/** What distinguishes a restored cluster from the old one: its token, and new epochs for the stores in it. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { systemRandom } from "../../base/random.ts";
import { hexOf, type SnapshotFile } from "../database/snapshot-file.ts";
import type { Examined } from "../records/examine.ts";
import type { RestoreClusterOptions } from "./restore-options.ts";

/** Random if this call restores all members; otherwise derived from the input, so that every call gets the same. */
export function chooseToken(
  file: SnapshotFile,
  options: Pick<RestoreClusterOptions, "initialCluster" | "dataDirs" | "toRevision">,
): string {
  const members = new Set(options.initialCluster.split(",").map((entry) => entry.split("=")[0]?.trim()));
  if (Object.keys(options.dataDirs).length >= members.size) return `keelson-${hexOf(systemRandom.bytes(8))}`;
  const facts = [
    file.trailer === undefined ? basename(file.path) : hexOf(file.trailer),
    [...options.initialCluster.split(",")].sort().join(","),
    options.toRevision ?? "",
  ];
  return `keelson-${createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16)}`;
}

/**
 * New values for all epoch keys, by which stores and caches detect the restore. Members restored in separate calls
 * must get the same values, so they are derived from the token.
 */
export function newEpochs(examined: Examined, token: string, clusterId: bigint): Map<string, Uint8Array> {
  const epochs = new Map<string, Uint8Array>();
  for (const [key, { deleted }] of [...examined.watched].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (deleted) continue;
    const digest = createHash("sha256").update(`${token}\n${key}\n${examined.info.sha256}`).digest("hex");
    // 32 hex digits, as the store itself writes an epoch; the last ones are the cluster id.
    epochs.set(key, Buffer.from(digest.slice(0, 16) + clusterId.toString(16).padStart(16, "0")));
  }
  return epochs;
}
