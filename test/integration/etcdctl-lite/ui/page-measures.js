/** What the page's tests measure within the page: they are put into it before it loads, as `measures`. */

const channels = (/** @type {string} */ text) => (text.match(/[\d.]+/g) ?? []).map(Number);

/** @param {number[]} colour */
function luminance(colour) {
  return [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
    const part = (colour[at] ?? 0) / 255;
    return sum + weight * (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
}

/** @param {Element} element */
function groundOf(element) {
  for (let at = /** @type {Element | null} */ (element); at !== null; at = at.parentElement) {
    const ground = channels(getComputedStyle(at).backgroundColor);
    if (ground.length === 3 || (ground[3] ?? 0) > 0.99) return ground;
  }
  return [255, 255, 255];
}

/** Texts with less contrast than 4.5 to 1, and pixels beyond the right edge. */
function look() {
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const isText = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== "",
    );
    if (!isText || element.getClientRects().length === 0) continue;
    const text = luminance(channels(getComputedStyle(element).color));
    const ground = luminance(groundOf(element));
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5)
      faint.push(`${element.className}: ${element.textContent?.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return { faint, beyond: Math.max(0, document.documentElement.scrollWidth - innerWidth) };
}

/** Whether it can be seen what has the focus: "seen", "nowhere", or the element. */
function focus() {
  const element = document.activeElement;
  if (element === null || element === document.body) return "nowhere";
  const around = element.closest(".field") ?? element;
  const isSeen =
    getComputedStyle(element).outlineStyle !== "none" || getComputedStyle(around).boxShadow !== "none";
  return isSeen ? "seen" : element.outerHTML;
}

Object.assign(globalThis, { measures: { look, focus } });
