/** Files and folders that survive a power failure: written under another name, synced, then renamed; folders are synced too. */
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Only the owner may read it: a backup holds every secret of the cluster. */
export const fileMode = 0o600;
export const directoryMode = 0o700;

/** Makes the names inside `directory` durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates `path`, which must not exist, lets `write` fill it, and syncs it. */
export async function writeNewFile(
  path: string,
  write: ((handle: FileHandle) => Promise<void>) | Uint8Array,
): Promise<void> {
  const handle = await open(path, "wx", fileMode);
  try {
    if (typeof write === "function") await write(handle);
    else await handle.writeFile(write);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Renames `from` to `to` and syncs both folders. An existing file `to` is replaced in one step. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}
