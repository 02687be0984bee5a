/**
 * JSON text as Go's encoder writes it (encoding/json, since Go 1.22): compact, with <, > and &, U+2028 and U+2029
 * escaped. etcd's members, Kubernetes' programs and etcdctl write it, and output for them must match byte for byte.
 */

const escaped = /[<>&\u2028\u2029]/;
const everyEscaped = /[<>&\u2028\u2029]/g;

/** The text of a JSON value: a string, or plain data. */
export function goJsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // These characters occur only in texts and names, where the escape means the same character.
  return escaped.test(text) ? text.replace(everyEscaped, escapeOf) : text;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
