/**
 * Whether a repository is whole: every manifest read and its signature checked, every chunk read and hashed. What is
 * damaged is an answer with its place, never an exception; one damaged backup does not hide the next.
 */
import { createHash } from "node:crypto";
import type { CallScope } from "../../base/call.ts";
import { loadedAhead } from "../../base/loaded-ahead.ts";
import { isStoreError } from "../../errors.ts";
import type { Progress } from "../../resource/contract.ts";
import { damaged, problemOf, type SnapshotProblem } from "../files/damage.ts";
import type { RepositoryBackend } from "./backend.ts";
import type { ChunkStore } from "./chunks.ts";
import { decodeManifest, type SigningKey } from "./manifest.ts";
import { chunksAtOnce } from "./stored-parts.ts";

/** In the order of the manifests' names; none for a repository that is whole. */
export async function repositoryProblems(
  backend: RepositoryBackend,
  chunks: ChunkStore,
  signingKeys: readonly SigningKey[],
  scope: CallScope,
  onProgress?: (progress: Progress) => void,
): Promise<readonly SnapshotProblem[]> {
  const problems: SnapshotProblem[] = [];
  let done = 0;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const { offset, what } = problemOf(error);
      problems.push({ offset, what: isStoreError(error) ? error.message : what });
    }
  };
  const names = (await backend.list("backups")).filter((name) => name.endsWith(".json"));
  for (const name of names.sort()) {
    await attempt(async () => {
      const bytes = await backend.read(name);
      if (bytes === undefined) return;
      const manifest = decodeManifest(bytes, name, signingKeys);
      const hash = createHash("sha256");
      let size = 0;
      for await (const plain of loadedAhead(manifest.chunks, chunksAtOnce, (chunk) => chunks.get(chunk))) {
        scope.throwIfEnded();
        hash.update(plain);
        size += plain.length;
        done += plain.length;
        onProgress?.({ done, unit: "bytes" });
      }
      if (size !== manifest.sizeBytes || hash.digest("hex") !== manifest.sha256) {
        throw damaged(name, undefined, "its chunks do not make the file it names");
      }
    });
  }
  return problems;
}
