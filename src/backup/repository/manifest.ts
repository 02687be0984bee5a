/**
 * What a repository has on record of each backup, as signed JSON: which chunks, which revisions, when, what was proved.
 *
 *   file = { "body": <manifest as text>, "signature"?: base64 }        signed are the bytes of body
 *
 * A repository opened with a key takes no manifest that is not signed with it: a chunk is named by its content, so a
 * signed list of names covers every byte of the backup.
 */
import { createHmac, createPublicKey, KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import { invalidArgument } from "../../errors.ts";
import { damaged } from "../files/damage.ts";

/** HMAC-SHA-256 with bytes; Ed25519 with a key object (a private one signs and verifies, a public one verifies). */
export type SigningKey = Uint8Array | KeyObject;

/** Below 128 bits a key of HMAC can be found by trying (RFC 2104 section 3 wants the length of the hash, 32 bytes). */
const signingKeyBytesMin = 16;

/** @throws INVALID_ARGUMENT for fewer than 16 bytes, and for a key object that is not of Ed25519 */
export function checkSigningKey(key: SigningKey): void {
  if (key instanceof Uint8Array) {
    if (key.byteLength >= signingKeyBytesMin) return;
    throw invalidArgument(
      "signingKey",
      `Cannot open repository: signingKey has ${key.byteLength} bytes, expected at least ${signingKeyBytesMin}`,
    );
  }
  if (key instanceof KeyObject && key.asymmetricKeyType === "ed25519") return;
  throw invalidArgument(
    "signingKey",
    "Cannot open repository: signingKey is neither bytes nor a key object of Ed25519",
  );
}

/** @throws INVALID_ARGUMENT for the public half alone, which verifies and cannot sign */
export function assertCanSign(key: SigningKey | undefined): void {
  if (!(key instanceof KeyObject) || key.type === "private") return;
  throw invalidArgument(
    "signingKey",
    "Cannot write to the repository: signingKey is a public key, expected the private one",
  );
}

/** By `timeMs` (wall clock) every revision up to `revision` existed. */
export interface TimeMark {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** Decimal. */
  readonly revision: string;
}

interface Common {
  /** Sorts by time: `<UTC time>-<kind>-<last revision>-<random>`. */
  readonly id: string;
  /** When it was taken, ISO 8601 in UTC. */
  readonly createdAt: string;
  /** Id of the cluster, hexadecimal. */
  readonly clusterId: string;
  /** Name of the history it is of (histories.ts); absent in those of earlier versions. */
  readonly history?: string | undefined;
  /** Last revision it holds, inclusive, decimal. */
  readonly lastRevision: string;
  /** SHA-256 of what it stands for, hexadecimal. */
  readonly sha256: string;
  /** Bytes it stands for. */
  readonly sizeBytes: number;
  /** Names of its chunks, in order: SHA-256 of their content, hexadecimal. */
  readonly chunks: readonly string[];
  /** Which revisions existed when; what `toTime` is answered from. */
  readonly marks: readonly TimeMark[];
  /** HashKV of the live member at lastRevision, with the compact revision it was made at; absent when it could not be asked. */
  readonly liveHash?:
    | {
        /** The member's HashKV. */
        readonly hash: number;
        /** The compact revision it was made at, decimal. */
        readonly compactRevision: string;
      }
    | undefined;
}

/** What is on record of a full backup. */
export interface FullManifest extends Common {
  /** Tells fulls and deltas apart. */
  readonly kind: "full";
  /** HashKV at its last revision, computed from the file. */
  readonly hashKv: number;
  /** History up to here is not in it, decimal. */
  readonly compactRevision: string;
  /** "live": HashKV equals a running member's; "self": hash, pages and records are sound. */
  readonly proved: "live" | "self";
  /** Of the first full of a history: the one it came from, and up to where both were found equal. */
  readonly forkedFrom?:
    | {
        /** Name of that history. */
        readonly history: string;
        /** Last revision both have, inclusive, decimal. */
        readonly revision: string;
      }
    | undefined;
}

/** What is on record of a delta: all revisions after the backup before it. */
export interface DeltaManifest extends Common {
  /** Tells deltas and fulls apart. */
  readonly kind: "delta";
  /** First revision it holds, inclusive, decimal. */
  readonly firstRevision: string;
  /** The full this chain of deltas begins at, and the backup right before this one. */
  readonly base: string;
  /** Id of the backup right before this one, full or delta. */
  readonly previous: string;
}

/** What is on record of a backup; `kind` tells fulls and deltas apart. */
export type Manifest = FullManifest | DeltaManifest;

/** Names become paths: nothing but what the repository itself makes of them. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;
const chunkPattern = /^[0-9a-f]{64}$/;

export function encodeManifest(manifest: Manifest, key: SigningKey | undefined): Uint8Array {
  const body = JSON.stringify({ format: "keelson-backup/1", ...manifest });
  const signature = key === undefined ? undefined : signatureOf(body, key).toString("base64");
  return Buffer.from(JSON.stringify({ body, ...(signature === undefined ? {} : { signature }) }));
}

/** Whether an encoded manifest carries a signature, whoever's. */
export function isSigned(bytes: Uint8Array): boolean {
  const { signature } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { readonly signature?: unknown };
  return typeof signature === "string";
}

/** @throws CORRUPT_SNAPSHOT for text that is no manifest, a signature that is missing or wrong */
export function decodeManifest(bytes: Uint8Array, name: string, keys: readonly SigningKey[]): Manifest {
  const file = parse(Buffer.from(bytes).toString("utf8"), name);
  const { body, signature } = file as { readonly body?: unknown; readonly signature?: unknown };
  if (typeof body !== "string") throw damaged(name, undefined, "it is no manifest of a backup");
  if (keys.length > 0) {
    if (typeof signature !== "string") throw damaged(name, undefined, "the manifest is not signed");
    if (!keys.some((key) => isSignedWith(body, Buffer.from(signature, "base64"), key))) {
      throw damaged(
        name,
        undefined,
        "the manifest's signature does not fit: it was changed, or signed with another key",
      );
    }
  }
  const manifest = parse(body, name) as Partial<Manifest> & { readonly format?: unknown };
  const sound =
    manifest.format === "keelson-backup/1" &&
    (manifest.kind === "full" || manifest.kind === "delta") &&
    typeof manifest.id === "string" &&
    idPattern.test(manifest.id) &&
    typeof manifest.sizeBytes === "number" &&
    Array.isArray(manifest.chunks) &&
    manifest.chunks.every((name) => typeof name === "string" && chunkPattern.test(name)) &&
    Array.isArray(manifest.marks) &&
    (manifest.history === undefined || typeof manifest.history === "string") &&
    /^\d+$/.test(manifest.lastRevision ?? "");
  if (!sound) throw damaged(name, undefined, "the manifest is not of format keelson-backup/1");
  return manifest as Manifest;
}

function parse(text: string, name: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below in the words of a backup.
  }
  throw damaged(name, undefined, "it is no JSON object");
}

function signatureOf(body: string, key: SigningKey): Buffer {
  return key instanceof Uint8Array
    ? createHmac("sha256", key).update(body).digest()
    : sign(null, Buffer.from(body), key);
}

function isSignedWith(body: string, signature: Uint8Array, key: SigningKey): boolean {
  if (key instanceof Uint8Array) {
    const expected = signatureOf(body, key);
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return verify(null, Buffer.from(body), publicKey, signature);
}

/** Where a backend keeps the manifest of backup `id`. */
export function manifestPath(id: string): string {
  return `backups/${id}.json`;
}
