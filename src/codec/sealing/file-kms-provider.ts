/**
 * A key service in a file, for development and tests. The keys are stored beside the data in the clear, so it
 * protects nothing in production.
 *
 *   { "keys": [{ "id": "…", "key": "<base64 of 32 bytes>" }, …] }       the first wraps, all unwrap
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { type Random, systemRandom } from "../../base/random.ts";
import { systemErrorCode } from "../../base/system-error.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { invalidArgument } from "../../errors.ts";
import type { KmsProvider } from "./kms-envelope.ts";

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const cipherName = "aes-256-gcm";
/** Owner only. */
const fileMode = 0o600;

/** A key service in a file, for tests and single machines: anyone who can read the file can read the data. */
export interface FileKmsProvider extends KmsProvider {
  /** Adds a new key as the one that wraps; older ones still unwrap. Returns its id. */
  rotate(): Promise<string>;
}

interface FileKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Opens the key file at `path`, or creates one with a first key, readable by its owner only.
 * @throws INVALID_ARGUMENT when the file exists and contains no keys
 */
export async function fileKmsProvider(options: {
  /** The key file; written with mode 0600. */
  readonly path: string;
  /** For tests. */
  readonly random?: Random | undefined;
}): Promise<FileKmsProvider> {
  checkOptions(options ?? null, "open a key file", { path: "text", random: "random" });
  const random = options.random ?? systemRandom;
  const { path } = options;
  let keys: FileKey[];
  try {
    keys = parseKeys(path, await readFile(path, "utf8"));
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
    keys = [newKey(random)];
    await writeKeys(path, keys, random);
  }
  const current = (): FileKey => {
    const key = keys[0];
    if (key === undefined) throw invalidArgument("path", `Cannot use key file "${path}": it holds no key`);
    return key;
  };
  return {
    name: "file",
    async encrypt(plaintext) {
      const { id, key } = current();
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(id));
      const sealed = [nonce, cipher.update(plaintext), cipher.final()];
      return { keyId: id, ciphertext: Buffer.concat([...sealed, cipher.getAuthTag()]) };
    },
    async decrypt(ciphertext, { keyId }) {
      const key = keys.find(({ id }) => id === keyId);
      if (key === undefined || ciphertext.byteLength < nonceBytes + tagBytes) return undefined;
      const end = ciphertext.byteLength - tagBytes;
      const decipher = createDecipheriv(cipherName, key.key, ciphertext.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(keyId));
      decipher.setAuthTag(ciphertext.subarray(end));
      const opened = decipher.update(ciphertext.subarray(nonceBytes, end));
      try {
        return Buffer.concat([opened, decipher.final()]);
      } catch {
        return undefined;
      }
    },
    async status() {
      return { healthy: true, keyId: current().id };
    },
    async rotate() {
      const rotated = [newKey(random), ...keys];
      await writeKeys(path, rotated, random);
      keys = rotated;
      return current().id;
    },
  };
}

function newKey(random: Random): FileKey {
  return {
    id: `file-${Buffer.from(random.bytes(6)).toString("hex")}`,
    key: Buffer.from(random.bytes(keyBytes)),
  };
}

function parseKeys(path: string, text: string): FileKey[] {
  const refuse = (what: string): Error => invalidArgument("path", `Cannot use key file "${path}": ${what}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse("it is no JSON");
  }
  const list: unknown =
    typeof parsed === "object" && parsed !== null && "keys" in parsed ? parsed.keys : undefined;
  if (!Array.isArray(list) || list.length === 0) throw refuse('it has no "keys"');
  return list.map((entry: unknown) => {
    const { id, key } = (typeof entry === "object" && entry !== null ? entry : {}) as Record<string, unknown>;
    const material = typeof key === "string" ? Buffer.from(key, "base64") : undefined;
    if (typeof id !== "string" || id === "" || material?.byteLength !== keyBytes)
      throw refuse("a key has no id or is not 32 bytes");
    return { id, key: material };
  });
}

/** Written whole or not at all: a new file, synced, then renamed over the old one. */
async function writeKeys(path: string, keys: readonly FileKey[], random: Random): Promise<void> {
  const temporary = `${path}.${Buffer.from(random.bytes(6)).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", fileMode);
  try {
    await file.writeFile(
      JSON.stringify({ keys: keys.map(({ id, key }) => ({ id, key: key.toString("base64") })) }, null, 2),
    );
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
