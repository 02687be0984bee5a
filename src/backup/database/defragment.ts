/**
 * `defragmentDataDir`: rewrites the database of a stopped member without free pages, as `etcdutl defrag` does.
 *
 *   lock member/snap/db -> read it, every page checked -> tmp.db.<id>: one pass, fsync
 *                       -> read that back: same content -> owner, mode -> rename -> fsync of the folder -> unlock
 *
 * Until the rename the old file is untouched, and after it the new one is complete: if the process ends at any point, etcd
 * starts on one of the two, and both have the same content.
 */
import { open, realpath, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { systemRandom } from "../../base/random.ts";
import { systemErrorCode } from "../../base/system-error.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { damaged } from "../files/damage.ts";
import { renameDurably, writeNewFile } from "../files/durable.ts";
import { BoltReader } from "./bolt-reader.ts";
import { BoltWriter } from "./bolt-writer.ts";
import { ContentDigest } from "./content-digest.ts";
import { type FileHold, holdFile } from "./file-hold.ts";
import { hexOf, SnapshotFile } from "./snapshot-file.ts";

/** The result of a defragmentation. */
export interface DefragmentReport {
  /** The database file. */
  readonly path: string;
  /** Bytes of the file before. */
  readonly sizeBeforeBytes: number;
  /** Bytes of the file after it. */
  readonly sizeAfterBytes: number;
  /** Records of all buckets, the same before and after. */
  readonly records: number;
}

/**
 * Rewrites `<dataDir>/member/snap/db` without its free pages. Holds etcd's own lock on it while it runs; needs space for the
 * new file beside the old one, and the program `flock`.
 * @throws INVALID_ARGUMENT without such a file; UNAVAILABLE reason "locked" while an etcd runs on it or waits for it;
 *   CORRUPT_SNAPSHOT for a damaged database. The old file is unchanged then.
 */
export async function defragmentDataDir(dataDir: string, options: Call = {}): Promise<DefragmentReport> {
  checkOptions(options ?? null, "defragment a data directory", callNames);
  if (typeof dataDir !== "string" || dataDir === "") {
    throw invalidArgument("dataDir", "Cannot defragment a data directory: dataDir is no path");
  }
  const named = join(resolve(dataDir), "member", "snap", "db");
  const action = `defragment "${named}"`;
  using scope = new CallScope(options, systemClock, action);
  // Folders may be links; a link to the file itself is followed, and its target is rewritten.
  const path = await realpath(named).catch((error: unknown) => {
    const why = systemErrorCode(error) === "ENOENT" ? "there is no such file" : String(error);
    throw invalidArgument("dataDir", `Cannot ${action}: ${why}`);
  });
  const before = await stat(path);
  if (!before.isFile()) throw invalidArgument("dataDir", `Cannot ${action}: it is not a regular file`);
  await using hold = await holdFile(path, action);
  // etcd removes files here that begin with "tmp" when it starts.
  const fresh = join(dirname(path), `tmp.db.${hexOf(systemRandom.bytes(8))}`);
  try {
    const written = await copyContent(path, fresh, scope.signal);
    const found = await contentOf(fresh, scope.signal);
    if (found.digest !== written.digest) {
      throw damaged(fresh, undefined, "what was written does not read back as the same database");
    }
    await giveTo(fresh, before);
    scope.signal?.throwIfAborted();
    await refuseOpeners(hold, action);
    await renameDurably(fresh, path);
    const after = await stat(path);
    return { path, sizeBeforeBytes: before.size, sizeAfterBytes: after.size, records: written.records };
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

interface Content {
  readonly digest: string;
  readonly records: number;
}

async function copyContent(from: string, to: string, signal: AbortSignal | undefined): Promise<Content> {
  await using file = await SnapshotFile.open(from, { skipHashCheck: true });
  const reader = new BoltReader(file);
  const digest = new ContentDigest();
  const seen = reader.newPageSet();
  await writeNewFile(to, async (handle) => {
    const writer = new BoltWriter(handle, file.meta.pageSize);
    for (const bucket of await reader.buckets(seen)) {
      digest.bucket(bucket.name, bucket.sequence);
      const out = writer.bucket(bucket.name);
      for await (const pages of reader.leaves(bucket, { seen, signal })) {
        for (const page of pages) {
          for (let i = 0; i < page.count; i++) {
            const [key, value] = [page.key(i), page.value(i)];
            digest.record(key, value);
            await out.add(key, value);
          }
        }
      }
      await out.finish(bucket.sequence);
    }
    await reader.checkFreelist(seen);
    await writer.finish();
  });
  return { digest: digest.finish(), records: digest.records };
}

async function contentOf(path: string, signal: AbortSignal | undefined): Promise<Content> {
  await using file = await SnapshotFile.open(path, { skipHashCheck: true });
  const reader = new BoltReader(file);
  const digest = new ContentDigest();
  const seen = reader.newPageSet();
  for (const bucket of await reader.buckets(seen)) {
    digest.bucket(bucket.name, bucket.sequence);
    for await (const pages of reader.leaves(bucket, { seen, signal })) {
      for (const page of pages) {
        for (let i = 0; i < page.count; i++) digest.record(page.key(i), page.value(i));
      }
    }
  }
  return { digest: digest.finish(), records: digest.records };
}

/** etcd may run as a different user than the defragmentation. */
async function giveTo(
  path: string,
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.chown(uid, gid);
    await handle.chmod(mode & 0o7777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An etcd started during the rewrite waits for the lock with the old file open, and would write to it after the rename. */
async function refuseOpeners(hold: FileHold, action: string): Promise<void> {
  const [pid] = await hold.openers();
  if (pid === undefined) return;
  throw new StoreError(
    "UNAVAILABLE",
    `Cannot ${action}: process ${pid} has the file open: an etcd waits for it, stop it first`,
    { retryAfterMs: 10_000, reason: "locked" },
  );
}
