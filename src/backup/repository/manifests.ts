/**
 * Reads all manifests of a repository. A backup of 8 GB names 131,072 chunks, and most names are in every full: each name
 * is kept once, so that thirty fulls take little more memory than one.
 */
import { type Backup, withHistories } from "./histories.ts";
import { decodeManifest, type Manifest } from "./manifest.ts";
import type { RepositoryParts } from "./new-backup.ts";

/** Oldest first. @throws CORRUPT_SNAPSHOT for a manifest that is damaged or not signed as required */
export async function backupsIn(parts: RepositoryParts): Promise<readonly Backup[]> {
  const found: Manifest[] = [];
  const names = new SharedNames();
  for (const path of await manifestPaths(parts)) {
    const bytes = await parts.backend.read(path);
    if (bytes !== undefined) found.push(names.sharedBy(decodeManifest(bytes, path, parts.signingKeys)));
  }
  return withHistories(found.sort((a, b) => (a.id < b.id ? -1 : 1)));
}

/** Sorted. */
export async function manifestPaths({
  backend,
}: Pick<RepositoryParts, "backend">): Promise<readonly string[]> {
  return (await backend.list("backups")).filter((name) => name.endsWith(".json")).sort();
}

/** One string for each chunk name, however many manifests contain it. */
export class SharedNames {
  readonly #names = new Map<string, string>();

  sharedBy(manifest: Manifest): Manifest {
    return { ...manifest, chunks: manifest.chunks.map((name) => this.#shared(name)) };
  }

  #shared(name: string): string {
    const known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, name);
    return known ?? name;
  }
}
