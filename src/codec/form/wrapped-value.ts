/**
 * Values that Kubernetes has encrypted, as far as anyone can tell without a key: the text before them names provider, version
 * of its format, and key.
 *
 *   k8s:enc:<provider>:v<n>:<key>:<bytes>      the key's name, or of a key service the plugin's
 */

/** No other value of Kubernetes begins like this: JSON begins with "{", protobuf with "k8s" and a zero byte. */
export const wrappedPrefix = "k8s:enc:";
/** Provider, version and key name are text somebody has typed; a longer one is not looked for. */
const prefixBytesMax = 1024;

export function isWrapped(stored: Uint8Array): boolean {
  for (let i = 0; i < wrappedPrefix.length; i++) {
    if (stored[i] !== wrappedPrefix.charCodeAt(i)) return false;
  }
  return true;
}

/** "k8s:enc:aescbc:v1:key1": what a value says it is encrypted under, which nothing proves; undefined for values that are not. */
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
