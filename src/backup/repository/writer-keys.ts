/**
 * The keys a writer must bring. A backup job that has lost its keys would continue silently: secrets in the clear
 * beside sealed chunks, and an unsigned manifest for which every reader with the key refuses the whole repository.
 * So a writer is held to the newest backup on record: sealed where that is sealed, signed where that is signed, and with
 * that backup's own keys among those given. A new key comes first, the old one stays beside it for as long as its backups do.
 */
import { invalidArgument } from "../../errors.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import type { ChunkStore } from "./chunks.ts";
import { decodeManifest, isSigned, type Manifest, type SigningKey } from "./manifest.ts";

/** @throws INVALID_ARGUMENT before anything is written */
export async function checkWriterKeys(
  backend: RepositoryBackend,
  chunks: ChunkStore,
  signingKeys: readonly SigningKey[],
): Promise<void> {
  const names = (await backend.list("backups")).filter((name) => name.endsWith(".json"));
  const newest = names.sort().at(-1);
  const bytes = newest === undefined ? undefined : await backend.read(newest);
  if (newest === undefined || bytes === undefined) return;
  const manifest = manifestOf(bytes, newest);
  if (manifest === undefined) return;
  if (signingKeys.length === 0 && isSigned(bytes)) {
    throw invalidArgument(
      "signingKey",
      "Cannot write to the repository: its backups are signed, and no signingKey was given",
    );
  }
  if (signingKeys.length > 0 && isSigned(bytes) && !isSignedWithOneOf(bytes, newest, signingKeys)) {
    throw invalidArgument(
      "signingKey",
      "Cannot write to the repository: its newest backup is signed with another key; give that key behind the new one",
    );
  }
  const [chunk] = manifest.chunks;
  if (chunk === undefined) return;
  if (chunks.seals && !(await chunks.opens(chunk))) {
    throw invalidArgument(
      "encryptionKey",
      "Cannot write to the repository: its newest backup is encrypted with another key; give that key behind the new one",
    );
  }
  if (!chunks.seals && (await chunks.isSealed(chunk))) {
    throw invalidArgument(
      "encryptionKey",
      "Cannot write to the repository: its backups are encrypted, and no encryptionKey was given",
    );
  }
}

function isSignedWithOneOf(bytes: Uint8Array, name: string, keys: readonly SigningKey[]): boolean {
  try {
    decodeManifest(bytes, name, keys);
    return true;
  } catch {
    return false;
  }
}

/** Damage is for verify() to tell: a new backup is then all the more wanted. */
function manifestOf(bytes: Uint8Array, name: string): Manifest | undefined {
  try {
    return decodeManifest(bytes, name, []);
  } catch {
    return undefined;
  }
}
