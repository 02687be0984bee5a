/** Creates elements from data. Text is always text: no data from etcd is parsed as HTML. */

/** @typedef {Node | string | number | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Readonly<Record<string, unknown>>} [properties] "on…" a listener, "class", "dataset", attributes; undefined and false: none
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === "class") element.className = String(value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  fill(element, ...children);
  return element;
}

/**
 * Replaces the children of an element.
 *
 * @param {Element} element
 * @param {...(Child | readonly Child[])} children
 */
export function fill(element, ...children) {
  const nodes = children
    .flat()
    .filter((child) => child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
  element.replaceChildren(...nodes);
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}.`);
  return element;
}

/** @returns {HTMLElement} the placeholder of an empty view */
export const waiting = () => h("p", { class: "quiet waiting" }, "Reading…");

/**
 * @param {unknown} error
 * @param {(() => void) | undefined} [again]
 * @returns {HTMLElement}
 */
export function fault(error, again) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Error && typeof error.cause === "string" ? error.cause : undefined;
  return h(
    "div",
    { class: "fault", role: "alert" },
    h("p", {}, message),
    hint !== undefined && h("p", { class: "quiet" }, hint),
    again !== undefined && h("button", { type: "button", onclick: again }, "Try again"),
  );
}

/**
 * A usage bar; the number is also shown as text.
 *
 * @param {string} label
 * @param {readonly number[]} parts each from the left, the largest first, 0 to 1
 * @param {"plain" | "warn" | "bad"} tone
 * @returns {HTMLElement}
 */
export function meter(label, parts, tone) {
  const bars = parts.map((part) => {
    const bar = h("span", { class: "part" });
    bar.style.inlineSize = `${Math.min(100, Math.max(part > 0 ? 1 : 0, part * 100))}%`;
    return bar;
  });
  return h("span", { class: `meter ${tone}`, role: "img", "aria-label": label }, bars);
}
