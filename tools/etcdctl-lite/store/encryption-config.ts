/**
 * Kubernetes' encryption at rest, as an operator gives it: the kube-apiserver's own EncryptionConfiguration, by
 * --encryption-config or KEELSON_ENCRYPTION_CONFIG; on a Kubernetes server the file of its kube-apiserver. Keys stay in
 * that file and are never on the command line, which others on the machine can read.
 */
import { isStoreError } from "keelson";
import type { Transform } from "keelson/codec";
import { badArguments } from "../cli/failure.ts";
import type { FlagSpec } from "../cli/flags.ts";
import type { Session } from "../cli/session.ts";

export const encryptionConfigFlag: FlagSpec = {
  name: "encryption-config",
  type: "text",
  summary: "kube-apiserver's EncryptionConfiguration (or KEELSON_ENCRYPTION_CONFIG)",
};

export interface EncryptionConfig {
  readonly path: string;
  readonly transforms: Readonly<Record<string, Transform>>;
}

/** Undefined when none is given. @throws CliFailure for an invalid one, or two */
export async function encryptionConfig(session: Session): Promise<EncryptionConfig | undefined> {
  const { flags, io } = session;
  const flag = flags.has("encryption-config") ? flags.text("encryption-config") : "";
  const variable = io.env["KEELSON_ENCRYPTION_CONFIG"] ?? "";
  if (flag !== "" && variable !== "") {
    throw badArguments(
      "the encryption configuration is given by --encryption-config and by KEELSON_ENCRYPTION_CONFIG: use one of them",
    );
  }
  // Only commands that connect look for a cluster; a command that reads a file uses only its flags.
  const isFromFile = ["from", "snapshot"].some((name) => flags.has(name) && flags.text(name) !== "");
  const found = isFromFile ? "" : ((await session.cluster())?.encryptionConfig ?? "");
  const path = flag || variable || found;
  if (path === "") return undefined;
  const { encryptionConfiguration } = await import("keelson/kubernetes");
  try {
    return { path, transforms: await encryptionConfiguration(path) };
  } catch (error) {
    if (isStoreError(error, "INVALID_ARGUMENT")) throw badArguments(error.message);
    throw error;
  }
}
