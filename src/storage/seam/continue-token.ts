/**
 * Continue tokens: the position and version at which a paged list continues, given to an untrusted caller.
 *
 *   version 1 | revision 8 | epoch length 1 | epoch | start (UTF-8) | MAC 16        base64url, big-endian
 *
 * The MAC (HMAC-SHA-256, cut to 16 bytes) also covers the list that the token belongs to: prefix, kind and selection.
 * So a token is valid for exactly that list, in every process over the same prefix, before and after a restart: the
 * key is created once and kept in etcd (`continue-key.ts`). Revision 0 means: continue from the latest state, and pin
 * its version.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { StoreError } from "../../errors.ts";
import { limits } from "../../resource/model/limits.ts";

/** The list that a token belongs to; every part must be the same when the token returns. */
export interface TokenScope {
  /** Registry prefix, e.g. "/registry". */
  readonly prefix: string;
  /** "pods", "deployments.apps". */
  readonly resource: string;
  /** Canonical text of namespace, name and selectors: `Selection.text`. */
  readonly selection: string;
}

export interface TokenPosition {
  /** Epoch of the store when the token was created. */
  readonly epoch: string;
  /** The version that the walk is pinned to; 0n: the latest. */
  readonly revision: bigint;
  /** Full etcd key of the last object given; the walk continues after it. */
  readonly after: string;
}

const formatVersion = 1;
const macBytes = 16;
/** version, revision, epoch length. */
const headBytes = 10;

export function encodeContinueToken(key: Uint8Array, scope: TokenScope, position: TokenPosition): string {
  const epoch = Buffer.from(position.epoch, "utf8");
  const start = Buffer.from(position.after, "utf8");
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(formatVersion, 0);
  head.writeBigUInt64BE(position.revision, 1);
  head.writeUInt8(epoch.length, 9);
  const payload = Buffer.concat([head, epoch, start]);
  return Buffer.concat([payload, macOf(key, scope, payload)]).toString("base64url");
}

/** @throws INVALID_TOKEN for anything that none of these keys signed for this very list */
export function decodeContinueToken(
  keys: Uint8Array | readonly Uint8Array[],
  scope: TokenScope,
  token: string,
): TokenPosition {
  if (typeof token !== "string" || token.length > limits.continueTokenCharactersMax)
    throw invalidToken("it is no token");
  if (!/^[A-Za-z0-9_-]+$/.test(token)) throw invalidToken("it is not base64url");
  const bytes = Buffer.from(token, "base64url");
  // Buffer ignores stray trailing bits; a token has exactly one spelling.
  if (bytes.toString("base64url") !== token) throw invalidToken("it is not base64url");
  if (bytes.length < headBytes + macBytes) throw invalidToken("it is cut short");
  const payload = bytes.subarray(0, bytes.length - macBytes);
  const mac = bytes.subarray(bytes.length - macBytes);
  const tried = keys instanceof Uint8Array ? [keys] : keys;
  if (!tried.some((key) => timingSafeEqual(macOf(key, scope, payload), mac))) {
    throw invalidToken("it was changed, or belongs to another list");
  }
  if (payload.readUInt8(0) !== formatVersion) throw invalidToken("its format is not known");
  const epochEnd = headBytes + payload.readUInt8(9);
  return {
    revision: payload.readBigUInt64BE(1),
    epoch: payload.toString("utf8", headBytes, epochEnd),
    after: payload.toString("utf8", epochEnd),
  };
}

function macOf(key: Uint8Array, scope: TokenScope, payload: Uint8Array): Buffer {
  const hmac = createHmac("sha256", key);
  // Each part with its length, so that no two scopes have the same text.
  for (const part of [scope.prefix, scope.resource, scope.selection])
    hmac.update(`${Buffer.byteLength(part)}:${part}`);
  return hmac.update(payload).digest().subarray(0, macBytes);
}

function invalidToken(reason: string): StoreError<"INVALID_TOKEN"> {
  return new StoreError(
    "INVALID_TOKEN",
    `Cannot continue the list: the continue token is not valid: ${reason}`,
    {
      reason,
    },
  );
}
