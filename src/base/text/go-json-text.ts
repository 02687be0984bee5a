/**
 * JSON text as Go's encoder writes it (encoding/json, since Go 1.22): compact, with <, > and &, U+2028 and U+2029 escaped.
 * etcd's members, Kubernetes' programs and etcdctl write it, and what is written for them must be byte for byte theirs.
 */

const escaped = /[<>&\u2028\u2029]/;
const everyEscaped = /[<>&\u2028\u2029]/g;

/** The text of a value that JSON has: a string, or plain data. */
export function goJsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // Such characters stand in texts and names alone, where an escape is the same character.
  return escaped.test(text) ? text.replace(everyEscaped, escapeOf) : text;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
