/**
 * Checks a repository: reads every manifest and checks its signature, reads and hashes every chunk. Damage is reported
 * with its place and never thrown; one damaged backup does not hide the next.
 *
 * All backups are read in parallel, one place at a time: an unchanged page of the database is at the same place in each, so
 * its chunk is read once for all of them. A chunk that occurs again at another place is kept, as far as there is room.
 */
import { createHash, type Hash } from "node:crypto";
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

/** Chunks kept for other places: 32 MiB of 64 KiB each. */
const keptChunksMax = 512;

/** A backup, with the position up to which it has been read. */
interface Walked {
  readonly path: string;
  readonly manifest: Manifest;
  readonly hash: Hash;
  sizeBytes: number;
  problem: SnapshotProblem | undefined;
}

/** A chunk at one place, and the backups that have it there. */
interface Step {
  readonly chunk: string;
  readonly of: readonly Walked[];
}

type Loaded = Step & { readonly plain: Uint8Array | SnapshotProblem };

/** In the order of the manifests' names; empty for a sound repository. */
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
  const backups = found.flatMap(({ path, manifest }): Walked[] =>
    "what" in manifest
      ? []
      : [{ path, manifest, hash: createHash("sha256"), sizeBytes: 0, problem: undefined }],
  );
  await walk(backups, chunks, scope, new PassProgress(clock, onProgress));
  const walked = new Map(backups.map((backup) => [backup.path, problemOfWalked(backup)]));
  return found.flatMap(({ path, manifest }) => ("what" in manifest ? manifest : (walked.get(path) ?? [])));
}

/** Reads every chunk and passes it to all backups that have it at that place. */
async function walk(
  backups: readonly Walked[],
  chunks: ChunkStore,
  scope: CallScope,
  progress: PassProgress,
): Promise<void> {
  const steps = stepsOf(backups);
  const kept = new KeptChunks(steps);
  const load = async (step: Step): Promise<Loaded> => {
    const plain = await problemOr(() => kept.get(step.chunk, () => chunks.get(step.chunk)));
    return { ...step, plain };
  };
  const totalBytes = backups.reduce((sum, { manifest }) => sum + manifest.sizeBytes, 0);
  progress.expect(totalBytes);
  progress.begin(totalBytes);
  for await (const { of, plain } of loadedAhead(steps, chunksAtOnce, load)) {
    scope.throwIfEnded();
    for (const backup of of) {
      if ("what" in plain) backup.problem ??= plain;
      if ("what" in plain || backup.problem !== undefined) continue;
      backup.hash.update(plain);
      backup.sizeBytes += plain.length;
      progress.add(plain.length);
    }
  }
  progress.end();
}

function problemOfWalked({ path, manifest, hash, sizeBytes, problem }: Walked): SnapshotProblem | undefined {
  if (problem !== undefined) return problem;
  if (sizeBytes === manifest.sizeBytes && hash.digest("hex") === manifest.sha256) return undefined;
  return asProblem(damaged(path, undefined, "its chunks do not make the file it names"));
}

/** Place by place, each chunk once for all backups that have it there. */
function stepsOf(backups: readonly Walked[]): readonly Step[] {
  const places = backups.reduce((most, { manifest }) => Math.max(most, manifest.chunks.length), 0);
  const steps: Step[] = [];
  for (let place = 0; place < places; place++) {
    const at = new Map<string, Walked[]>();
    for (const backup of backups) {
      const chunk = backup.manifest.chunks[place];
      if (chunk === undefined) continue;
      const others = at.get(chunk);
      if (others === undefined) at.set(chunk, [backup]);
      else others.push(backup);
    }
    for (const [chunk, of] of at) steps.push({ chunk, of });
  }
  return steps;
}

/** Chunks that are needed again, until their last use. */
class KeptChunks {
  readonly #uses = new Map<string, number>();
  readonly #kept = new Map<string, Promise<Uint8Array>>();

  constructor(steps: readonly Step[]) {
    for (const { chunk } of steps) this.#uses.set(chunk, (this.#uses.get(chunk) ?? 0) + 1);
  }

  get(chunk: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const left = (this.#uses.get(chunk) ?? 1) - 1;
    this.#uses.set(chunk, left);
    const loaded = this.#kept.get(chunk) ?? load();
    if (left === 0) this.#kept.delete(chunk);
    else if (this.#kept.size < keptChunksMax) this.#kept.set(chunk, loaded);
    return loaded;
  }
}

async function problemOr<T>(work: () => Promise<T>): Promise<T | SnapshotProblem> {
  try {
    return await work();
  } catch (error) {
    return asProblem(error);
  }
}

function asProblem(error: unknown): SnapshotProblem {
  const { offset, what } = problemOf(error);
  return { offset, what: isStoreError(error) ? error.message : what };
}
