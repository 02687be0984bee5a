/**
 * The keys of encryption at rest, as an operator gives them: a JSON file in the form
 *
 *   { "keys": [{ "id": "2026-01", "key": "<base64 of 32 bytes>" }, …] }
 *
 * named by --keys-file or KEELSON_KEYS_FILE, or the JSON itself in KEELSON_KEYS. Never on the command line, which others
 * on the machine can read.
 */
import { readFile } from "node:fs/promises";
import type { Transform, TransformMode } from "keelson/codec";
import { messageOf } from "../../../src/base/text/message-of.ts";
import { badArguments } from "../cli/failure.ts";
import type { FlagSpec } from "../cli/flags.ts";
import type { Session } from "../cli/session.ts";

export const keysFlag: FlagSpec = {
  name: "keys-file",
  type: "text",
  summary: "JSON file of encryption keys (or KEELSON_KEYS_FILE; the JSON itself in KEELSON_KEYS)",
};

export interface EncryptionKeys {
  readonly ids: readonly string[];
  /** `first` writes; default: the first given. */
  transform(mode: TransformMode, first?: string): Promise<Transform>;
}

interface GivenKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const keyBytes = 32;

/** Undefined when none are given. @throws CliFailure for an invalid file, or for keys given twice */
export async function encryptionKeys({ flags, io }: Session): Promise<EncryptionKeys | undefined> {
  const ways = {
    "--keys-file": flags.text("keys-file"),
    KEELSON_KEYS_FILE: io.env["KEELSON_KEYS_FILE"] ?? "",
    KEELSON_KEYS: io.env["KEELSON_KEYS"] ?? "",
  };
  const given = Object.entries(ways).filter(([, value]) => value !== "");
  const [first, second] = given;
  if (first === undefined) return undefined;
  const [way, value] = first;
  if (second !== undefined) {
    throw badArguments(`encryption keys are given by ${way} and by ${second[0]}: use one of them`);
  }
  const keys = parseKeys(
    way === "KEELSON_KEYS" ? way : value,
    way === "KEELSON_KEYS" ? value : await textOf(value),
  );
  return {
    ids: keys.map(({ id }) => id),
    async transform(mode, writing) {
      const { aesGcm } = await import("keelson/codec");
      const order = [...keys].sort((a, b) => Number(b.id === writing) - Number(a.id === writing));
      return aesGcm({ keys: order, mode });
    },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw badArguments(`cannot read the file of encryption keys: ${messageOf(error)}`);
  }
}

function parseKeys(where: string, text: string): readonly GivenKey[] {
  const refuse = (what: string): Error =>
    badArguments(
      `${where} holds no encryption keys: ${what}; expected { "keys": [{ "id": …, "key": <base64> }] }`,
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse("it is no JSON");
  }
  const list: unknown = isFields(parsed) ? parsed["keys"] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw refuse('it has no "keys"');
  return list.map((entry: unknown) => {
    const { id, key } = isFields(entry) ? entry : {};
    if (typeof id !== "string" || id === "") throw refuse("a key has no id");
    const bytes = typeof key === "string" ? Buffer.from(key, "base64") : Buffer.alloc(0);
    if (bytes.length !== keyBytes)
      throw refuse(`key ${JSON.stringify(id)} is not ${keyBytes} bytes of base64`);
    return { id, key: bytes };
  });
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
