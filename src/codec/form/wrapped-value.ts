/**
 * Recognizes values that Kubernetes has encrypted, without a key: the text before them names provider, format version
 * and key.
 *
 *   k8s:enc:<provider>:v<n>:<key>:<bytes>      the key's name, or for a key service the plugin's
 */

/** No other value of Kubernetes begins like this: JSON begins with "{", protobuf with "k8s" and a zero byte. */
export const wrappedPrefix = "k8s:enc:";
/** People choose provider, version and key name; a longer text is not recognized. */
const prefixBytesMax = 1024;

export function isWrapped(stored: Uint8Array): boolean {
  for (let i = 0; i < wrappedPrefix.length; i++) {
    if (stored[i] !== wrappedPrefix.charCodeAt(i)) return false;
  }
  return true;
}

/** "k8s:enc:aescbc:v1:key1": the key that a value claims, unverified, to be encrypted under; undefined for others. */
export function wrappedUnder(stored: Uint8Array): string | undefined {
  if (!isWrapped(stored)) return undefined;
  const start = Buffer.from(
    stored.buffer,
    stored.byteOffset,
    Math.min(stored.byteLength, prefixBytesMax),
  ).toString("latin1");
  const [id] = /^k8s:enc:[a-z0-9]+:v[0-9]+:[^:]*(?=:)/.exec(start) ?? [];
  return id === undefined ? undefined : Buffer.from(id, "latin1").toString("utf8");
}
