/**
 * The record of each backup in a repository, as signed JSON: its chunks, its revisions, its time, what was proved.
 *
 *   file = { "body": <manifest as text>, "signature"?: base64 }        the signature covers the bytes of body
 *
 * A repository opened with a key accepts only manifests signed with it: a chunk is named by its content, so a
 * signed list of names covers every byte of the backup.
 */
import { createHmac, createPublicKey, KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import { invalidArgument } from "../../errors.ts";
import { damaged } from "../files/damage.ts";

/** HMAC-SHA-256 with bytes; Ed25519 with a key object (a private one signs and verifies, a public one verifies). */
export type SigningKey = Uint8Array | KeyObject;

/** An HMAC key below 128 bits can be found by trying (RFC 2104 section 3 asks for the length of the hash, 32 bytes). */
const signingKeyBytesMin = 16;

/** @throws INVALID_ARGUMENT for fewer than 16 bytes, and for a key object other than Ed25519 */
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

/** @throws INVALID_ARGUMENT for a public key alone, which can verify but not sign */
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
  /** Name of its history (histories.ts); absent in manifests of earlier versions. */
  readonly history?: string | undefined;
  /** Last revision it contains, inclusive, decimal. */
  readonly lastRevision: string;
  /** SHA-256 of its content, hexadecimal. */
  readonly sha256: string;
  /** Bytes of its content, before deduplication and compression. */
  readonly sizeBytes: number;
  /** Names of its chunks, in order: SHA-256 of their content, hexadecimal. */
  readonly chunks: readonly string[];
  /** Which revisions existed when; `toTime` is resolved with them. */
  readonly marks: readonly TimeMark[];
  /** HashKV of the live member at lastRevision, with its compact revision; absent when the member could not be asked. */
  readonly liveHash?:
    | {
        /** The member's HashKV. */
        readonly hash: number;
        /** The compact revision it was computed with, decimal. */
        readonly compactRevision: string;
      }
    | undefined;
}

/** The record of a full backup. */
export interface FullManifest extends Common {
  /** Distinguishes fulls and deltas. */
  readonly kind: "full";
  /** HashKV at its last revision, computed from the file. */
  readonly hashKv: number;
  /** History up to this revision is not in it, decimal. */
  readonly compactRevision: string;
  /** "live": HashKV equals a running member's; "self": hash, pages and records are sound. */
  readonly proved: "live" | "self";
  /** Of the first full of a history: its parent history, and the revision up to which both were found equal. */
  readonly forkedFrom?:
    | {
        /** Name of the parent history. */
        readonly history: string;
        /** Last revision both have, inclusive, decimal. */
        readonly revision: string;
      }
    | undefined;
}

/** The record of a delta: all revisions after the previous backup. */
export interface DeltaManifest extends Common {
  /** Distinguishes deltas and fulls. */
  readonly kind: "delta";
  /** First revision it contains, inclusive, decimal. */
  readonly firstRevision: string;
  /** Id of the full at which this chain of deltas begins. */
  readonly base: string;
  /** Id of the previous backup, full or delta. */
  readonly previous: string;
}

/** The record of a backup; `kind` distinguishes fulls and deltas. */
export type Manifest = FullManifest | DeltaManifest;

/** Ids become paths, so only ids as the repository makes them are accepted. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;
const chunkPattern = /^[0-9a-f]{64}$/;

export function encodeManifest(manifest: Manifest, key: SigningKey | undefined): Uint8Array {
  const body = JSON.stringify({ format: "keelson-backup/1", ...manifest });
  const signature = key === undefined ? undefined : signatureOf(body, key).toString("base64");
  return Buffer.from(JSON.stringify({ body, ...(signature === undefined ? {} : { signature }) }));
}

/** Whether an encoded manifest carries a signature of any key. */
export function isSigned(bytes: Uint8Array): boolean {
  const { signature } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { readonly signature?: unknown };
  return typeof signature === "string";
}

/** @throws CORRUPT_SNAPSHOT for text that is not a manifest, or a missing or wrong signature */
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
    // Reported below with the backup's name.
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

/** The path of the manifest of backup `id` in a backend. */
export function manifestPath(id: string): string {
  return `backups/${id}.json`;
}
