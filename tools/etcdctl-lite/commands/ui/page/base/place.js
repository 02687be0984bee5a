/**
 * The place within the page, in its address: #/keys?prefix=…&key=…&tab=history. A reload, a bookmark and the back
 * button restore the place; the browser itself does not send it to the server.
 */

/** @returns {{ view: string, query: URLSearchParams }} */
export function place() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: path === "" ? "keys" : path, query: new URLSearchParams(query) };
}

/**
 * @param {string} view
 * @param {Readonly<Record<string, string | undefined>>} [query]
 */
export function hashOf(view, query = {}) {
  const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const text = new URLSearchParams(given).toString();
  return `#/${view}${text === "" ? "" : `?${text}`}`;
}

/**
 * Changes the given parts of the place; the rest stays.
 *
 * @param {Readonly<Record<string, string | undefined>>} changes undefined: removed
 */
export function go(changes) {
  const { view, query } = place();
  location.hash = hashOf(view, { ...Object.fromEntries(query), ...changes });
}
