/** Requests to the server. A failure is an Error whose message is a sentence; `cause` is advice, if known. */

/** The page asks for its token when the server requires it. */
export const asksForToken = new EventTarget();

/**
 * @param {string} path
 * @param {Readonly<Record<string, string | number | undefined>>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} what the server documents for the path (ui-routes.ts)
 */
export async function get(path, query = {}, signal) {
  return answerOf(() => fetch(urlOf(path, query), signal === undefined ? {} : { signal }));
}

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return answerOf(() => fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

/**
 * @param {string} path
 * @param {Readonly<Record<string, string | number | undefined>>} query
 */
export function urlOf(path, query) {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/**
 * @param {() => Promise<Response>} ask
 * @returns {Promise<any>}
 */
async function answerOf(ask) {
  let response;
  try {
    response = await ask();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Error("The page's server does not answer.", { cause: "Is etcdctl-lite ui still running?" });
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  if (response.status === 401) asksForToken.dispatchEvent(new Event("token"));
  throw new Error(body.error ?? `The server answers ${response.status}.`, { cause: body.hint });
}

/**
 * A key's bytes, for the server.
 *
 * @param {string} text
 */
export function encodeText(text) {
  const bytes = new TextEncoder().encode(text);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The text of a key; invalid UTF-8 is marked.
 *
 * @param {string} encoded base64url
 */
export function decodeText(encoded) {
  const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}
