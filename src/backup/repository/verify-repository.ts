/**
 * Whether a repository is whole: every manifest read and its signature checked, every chunk read and hashed. What is
 * damaged is an answer with its place, never an exception; one damaged backup does not hide the next.
 */
import { createHash } from "node:crypto";
import type { CallScope } from "../../base/call.ts";
import { loadedAhead } from "../../base/loaded-ahead.ts";
import { isStoreError } from "../../errors.ts";
import { damaged, problemOf, type SnapshotProblem } from "../files/damage.ts";
import { type OnProgress, PassProgress } from "../files/pass-progress.ts";
import type { ChunkStore } from "./chunks.ts";
import { decodeManifest, type Manifest } from "./manifest.ts";
import { manifestPaths, SharedNames } from "./manifests.ts";
import type { RepositoryParts } from "./new-backup.ts";
import { chunksAtOnce } from "./stored-parts.ts";

/** In the order of the manifests' names; none for a repository that is whole. */
export async function repositoryProblems(
  parts: RepositoryParts,
  scope: CallScope,
  onProgress: OnProgress,
): Promise<readonly SnapshotProblem[]> {
  const { backend, chunks, signingKeys, clock } = parts;
  const names = new SharedNames();
  const found: { readonly path: string; readonly manifest: Manifest | SnapshotProblem }[] = [];
  for (const path of await manifestPaths(parts)) {
    scope.throwIfEnded();
    const bytes = await backend.read(path);
    // Removed since it was listed.
    if (bytes === undefined) continue;
    const manifest = await problemOr(async () => names.sharedBy(decodeManifest(bytes, path, signingKeys)));
    found.push({ path, manifest });
  }
  const progress = new PassProgress(clock, onProgress);
  const sizeOf = (each: Manifest | SnapshotProblem): number => ("what" in each ? 0 : each.sizeBytes);
  progress.expect(found.reduce((sum, { manifest }) => sum + sizeOf(manifest), 0));
  const problems: SnapshotProblem[] = [];
  for (const { path, manifest } of found) {
    if ("what" in manifest) {
      problems.push(manifest);
      continue;
    }
    progress.begin(manifest.sizeBytes);
    const problem = await problemOr(() => checkContent(path, manifest, { chunks, progress, scope }));
    if (problem !== undefined) problems.push(problem);
  }
  progress.end();
  return problems;
}

/** @throws CORRUPT_SNAPSHOT when the chunks are not those of the manifest */
async function checkContent(
  path: string,
  manifest: Manifest,
  by: { readonly chunks: ChunkStore; readonly progress: PassProgress; readonly scope: CallScope },
): Promise<undefined> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const plain of loadedAhead(manifest.chunks, chunksAtOnce, (name) => by.chunks.get(name))) {
    by.scope.throwIfEnded();
    hash.update(plain);
    size += plain.length;
    by.progress.add(plain.length);
  }
  if (size === manifest.sizeBytes && hash.digest("hex") === manifest.sha256) return;
  throw damaged(path, undefined, "its chunks do not make the file it names");
}

async function problemOr<T>(work: () => Promise<T>): Promise<T | SnapshotProblem> {
  try {
    return await work();
  } catch (error) {
    const { offset, what } = problemOf(error);
    return { offset, what: isStoreError(error) ? error.message : what };
  }
}
