/**
 * The keys that a writer must have. A backup job that has lost its keys would continue silently: plaintext secrets
 * beside sealed chunks, and an unsigned manifest, because of which every reader with the key refuses the whole repository.
 * So a writer must match the newest recorded backup: it seals if that is sealed, signs if that is signed, and has
 * that backup's keys among its own. A new key comes first; the old one stays beside it as long as its backups exist.
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

/** verify() reports damage: a new backup is then needed even more. */
function manifestOf(bytes: Uint8Array, name: string): Manifest | undefined {
  try {
    return decodeManifest(bytes, name, []);
  } catch {
    return undefined;
  }
}
