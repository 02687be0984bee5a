/** The files of one restored member other than its database: write-ahead log, raft snapshot, and the directory's final name. */
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../../base/make-directory.ts";
import { directoryMode, fileMode, renameDurably, syncDirectory, writeNewFile } from "../files/durable.ts";
import type { InitialMember, Membership } from "./membership.ts";
import { snapBytes, snapName, walBytes } from "./wal.ts";

/** @param log the folder of the write-ahead log if it is not within `partial` */
export async function writeLogs(
  partial: string,
  log: string | undefined,
  membership: Membership,
  member: InitialMember,
): Promise<void> {
  const zeros = "0".repeat(16);
  const snap = join(partial, "member", "snap");
  const wal = log ?? join(partial, "member", "wal");
  await writeNewFile(join(wal, `${zeros}-${zeros}.wal`), walBytes(membership, member.id));
  await writeNewFile(join(snap, snapName(membership)), snapBytes(membership));
  for (const directory of [snap, wal, join(partial, "member"), partial]) await syncDirectory(directory);
}

/** Renames the partial folder to the requested directory; replaces only an empty one. */
export async function publish(partial: string, directory: string): Promise<void> {
  await makeDirectory(dirname(directory), directoryMode);
  await renameDurably(partial, directory);
}

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.chmod(fileMode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
