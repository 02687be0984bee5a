/**
 * The keys a writer must bring. A backup job that has lost its keys would go on without a word: secrets in the clear
 * beside sealed chunks, and an unsigned manifest for which every reader with the key refuses the whole repository.
 * So a writer is held to the newest backup on record: sealed where that is sealed, signed where that is signed.
 */
import { invalidArgument } from "../../errors.ts";
import type { RepositoryBackend } from "./backend.ts";
import type { ChunkStore } from "./chunks.ts";
import { decodeManifest, isSigned, type Manifest, type SigningKey } from "./manifest.ts";

/** @throws INVALID_ARGUMENT before anything is written */
export async function checkWriterKeys(
  backend: RepositoryBackend,
  chunks: ChunkStore,
  signingKey: SigningKey | undefined,
): Promise<void> {
  const names = (await backend.list("backups")).filter((name) => name.endsWith(".json"));
  const newest = names.sort().at(-1);
  const bytes = newest === undefined ? undefined : await backend.read(newest);
  if (newest === undefined || bytes === undefined) return;
  const manifest = manifestOf(bytes, newest);
  if (manifest === undefined) return;
  if (signingKey === undefined && isSigned(bytes)) {
    throw invalidArgument(
      "signingKey",
      "Cannot write to the repository: its backups are signed, and no signingKey was given",
    );
  }
  const [chunk] = manifest.chunks;
  if (chunk !== undefined && !chunks.seals && (await chunks.isSealed(chunk))) {
    throw invalidArgument(
      "encryptionKey",
      "Cannot write to the repository: its backups are encrypted, and no encryptionKey was given",
    );
  }
}

/** Damage is for verify() to tell: a new backup is then all the more wanted. */
function manifestOf(bytes: Uint8Array, name: string): Manifest | undefined {
  try {
    return decodeManifest(bytes, name, undefined);
  } catch {
    return undefined;
  }
}
