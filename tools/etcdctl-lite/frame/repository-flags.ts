/** The repository that `backup` commands work on: a directory, and the keys it is opened with. */
import { readFile } from "node:fs/promises";
import type { BackupRepository } from "keelson/backup";
import { badArguments } from "./failure.ts";
import type { FlagSpec, Flags } from "./flags.ts";

export const repositoryFlags: readonly FlagSpec[] = [
  { name: "encryption-key-file", type: "text", summary: "a file of 32 bytes: chunks are encrypted with it" },
  { name: "repository", type: "text", summary: "the repository's directory" },
  {
    name: "signing-key-file",
    type: "text",
    summary: "a file of secret bytes: manifests are signed and checked with it",
  },
];

export async function repositoryOf(flags: Flags): Promise<BackupRepository> {
  const directory = flags.text("repository");
  if (directory === "") throw badArguments("backup commands need --repository");
  const key = async (name: string): Promise<Uint8Array | undefined> =>
    flags.text(name) === "" ? undefined : readFile(flags.text(name));
  const { openRepository } = await import("keelson/backup");
  return openRepository({
    directory,
    encryptionKey: await key("encryption-key-file"),
    signingKey: await key("signing-key-file"),
  });
}
