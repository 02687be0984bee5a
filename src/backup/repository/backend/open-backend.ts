/**
 * Chooses the backend by a repository's text: a path, `file://`, or `s3://`. Object storage is loaded on demand.
 * An unknown scheme is refused: it would otherwise become a folder of that name.
 */
import { fileURLToPath } from "node:url";
import { quote } from "../../../base/text/quote.ts";
import { invalidArgument } from "../../../errors.ts";
import type { S3Options } from "../s3/s3-address.ts";
import { openDirectoryBackend, type RepositoryBackend } from "./backend.ts";

/** @throws INVALID_ARGUMENT for an unknown scheme, and the errors of opening the backend */
export async function openBackend(place: string, s3: S3Options | undefined): Promise<RepositoryBackend> {
  const scheme = schemeOf(place);
  if (scheme === undefined) return await openDirectoryBackend(place);
  if (scheme === "file") return await openDirectoryBackend(fileURLToPath(place));
  if (scheme === "s3") return await (await import("../s3/s3-backend.ts")).openS3Backend(place, s3);
  throw invalidArgument(
    "directory",
    `Cannot open repository ${quote(place)}: scheme "${scheme}" is not known, expected a path, "file://" or "s3://"`,
  );
}

/** "s3" of "s3://bucket/prefix"; undefined for a path. */
function schemeOf(place: string): string | undefined {
  return /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(place)?.[1]?.toLowerCase();
}
