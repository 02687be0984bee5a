/** The repository of `backup` commands: a directory or a bucket, and its keys. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { BackupRepository } from "keelson/backup";
import { badArguments } from "../cli/failure.ts";
import type { FlagSpec, Flags } from "../cli/flags.ts";
import { readNamedFile } from "../cli/named-file.ts";
import { parseSize } from "../cli/size.ts";

export const repositoryFlags: readonly FlagSpec[] = [
  {
    name: "bwlimit",
    type: "text",
    summary: "bytes a second into and out of the repository at most, e.g. 20MiB",
  },
  {
    name: "encryption-key-file",
    type: "text",
    summary: "a file of 32 bytes: chunks are encrypted with it; new,old while a key is replaced",
  },
  {
    name: "repository",
    type: "text",
    summary: "the repository: a directory, or s3://bucket/prefix (configured by AWS_* variables)",
  },
  {
    name: "signing-key-file",
    type: "text",
    summary:
      "a file of secret bytes: manifests are signed and checked with it; new,old while one is replaced",
  },
];

/** The library's minimum: a chunk per second. */
const bytesPerSecondMin = 65_536;

/** @throws CliFailure if there is none: only `backup create` creates one */
export async function repositoryOf(flags: Flags): Promise<BackupRepository> {
  const directory = flags.text("repository");
  if (directory !== "" && !directory.includes("://")) {
    await access(join(directory, "backups")).catch(() => {
      throw badArguments(`there is no backup repository in ${directory}: "backup create" makes one`);
    });
  }
  return openedRepository(flags);
}

/** Creates a repository if there is none. */
export async function openedRepository(flags: Flags): Promise<BackupRepository> {
  const directory = flags.text("repository");
  if (directory === "") throw badArguments("backup commands need --repository");
  const keys = async (name: string): Promise<readonly Uint8Array[]> => {
    const paths = flags
      .text(name)
      .split(",")
      .filter((path) => path !== "");
    return await Promise.all(paths.map(readNamedFile));
  };
  const limit = flags.text("bwlimit");
  const bytesPerSecond = limit === "" ? undefined : parseSize(limit);
  if (bytesPerSecond !== undefined && bytesPerSecond < bytesPerSecondMin) {
    throw badArguments(`--bwlimit is ${limit}, expected at least 64KiB a second`);
  }
  const { openRepository } = await import("keelson/backup");
  return openRepository({
    directory,
    bytesPerSecond,
    encryptionKey: await keys("encryption-key-file"),
    signingKey: await keys("signing-key-file"),
  });
}
