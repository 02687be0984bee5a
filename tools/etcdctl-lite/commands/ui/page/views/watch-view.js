/** Live changes, the newest on top. Only keys and sizes; a click shows a value. */
import { decodeText, encodeText, urlOf } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { clockTime, counted, number, size } from "../base/format.js";
import { go, hashOf, place } from "../base/place.js";

/** Maximum number of shown changes; older ones are removed. */
const rowsMax = 500;
const typingMs = 300;

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 */
export function watchView(main, signal) {
  /** @type {EventSource | undefined} */
  let source;
  /** @type {HTMLElement[]} */
  let rows = [];
  let seen = 0;
  let isPaused = false;
  let held = 0;
  let prefix = "\0";

  const input = h("input", {
    type: "text",
    class: "prefix",
    placeholder: "all keys",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Prefix of the keys watched",
    "data-search": true,
  });
  const pause = h("button", { type: "button", "aria-pressed": "false" }, "Pause");
  const remark = h("p", { class: "quiet remark", role: "status" }, "Connecting…");
  const list = h("ol", { class: "events", "aria-label": "Changes" });
  fill(
    main,
    h(
      "section",
      { class: "page watch-view" },
      h(
        "div",
        { class: "tools" },
        h("div", { class: "field" }, input, h("kbd", { "aria-hidden": "true" }, "/")),
        pause,
      ),
      remark,
      list,
    ),
  );

  const tell = () => {
    const waits = isPaused ? ` Paused, ${counted(held, "change")} not shown.` : "";
    fill(
      remark,
      `${seen === 0 ? "Watching. Nothing has changed yet." : `Watching. ${counted(seen, "change")} so far.`}${waits}`,
    );
  };

  const open = () => {
    source?.close();
    rows = [];
    seen = 0;
    held = 0;
    fill(list);
    source = new EventSource(urlOf("/api/watch", { prefix }));
    source.addEventListener("ready", tell);
    source.addEventListener("changes", (event) => {
      const { revision, changes } = JSON.parse(event.data);
      seen += changes.length;
      if (isPaused) held += changes.length;
      else {
        const at = new Date();
        rows = [
          ...changes.map((/** @type {any} */ change) => row(change, revision, at)).reverse(),
          ...rows,
        ].slice(0, rowsMax);
        fill(list, ...rows);
      }
      tell();
    });
    source.addEventListener("fault", (event) => {
      source?.close();
      fill(
        remark,
        h("span", { class: "bad" }, JSON.parse(event.data).error),
        " ",
        h("button", { type: "button", onclick: open }, "Watch again"),
      );
    });
    source.addEventListener("error", () => {
      fill(
        remark,
        h("span", { class: "bad" }, "The watch is interrupted; changes until it is back are not shown."),
      );
    });
  };

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    held = 0;
    pause.setAttribute("aria-pressed", String(isPaused));
    fill(pause, isPaused ? "Go on" : "Pause");
    tell();
  });
  let typing = 0;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => go({ prefix: encodeText(input.value) }), typingMs);
  });
  signal.addEventListener("abort", () => source?.close());

  const update = () => {
    const next = place().query.get("prefix") ?? "";
    if (next === prefix) return;
    prefix = next;
    const text = decodeText(prefix);
    if (input.value !== text) input.value = text;
    open();
  };
  update();
  return update;
}

/**
 * @param {{ type: string, key: string, text: string, sizeBytes?: number, previousBytes?: number }} change
 * @param {string} revision
 * @param {Date} at
 */
function row({ type, key, text, sizeBytes, previousBytes }, revision, at) {
  const href = hashOf("keys", {
    prefix: encodeText(text.slice(0, text.lastIndexOf("/") + 1)),
    key,
    tab: type === "added" ? "" : "history",
  });
  return h(
    "li",
    { class: type },
    h("time", {}, clockTime(at)),
    h("span", { class: "badge" }, type),
    h("a", { class: "name", href }, text),
    h(
      "span",
      { class: "quiet bytes" },
      sizeBytes === undefined ? (previousBytes === undefined ? "" : size(previousBytes)) : size(sizeBytes),
    ),
    h("span", { class: "quiet count" }, number(revision)),
  );
}
