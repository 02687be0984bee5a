/** Keys: the tree of kinds, the keys below a prefix page by page, and one key beside them. On a narrow screen one at a time. */
import { decodeText, encodeText, get } from "../base/api.js";
import { fault, fill, h } from "../base/dom.js";
import { counted, number } from "../base/format.js";
import { go, place } from "../base/place.js";
import { VirtualList } from "../base/virtual-list.js";
import { keyPane } from "./key-pane.js";
import { kindsTree } from "./kinds-tree.js";

const pageKeys = 500;
/** Delay after typing before a request is sent. */
const typingMs = 150;

/**
 * @param {HTMLElement} main
 * @param {{ registry: string, writes: boolean }} about
 * @param {AbortSignal} signal
 * @returns {() => void} call it when the place has changed within the view
 */
export function keysView(main, about, signal) {
  /** @type {{ key: string, text: string, version: string, modRevision: string }[]} */
  let rows = [];
  let listing = new AbortController();
  let prefix = "\0";
  let revision = "";
  let count = 0;
  let isLoading = false;
  let wanted = 0;

  const tree = kindsTree({
    choose: (chosen) => go({ prefix: chosen, key: undefined, rev: undefined }),
    signal,
  });
  const input = h("input", {
    type: "text",
    class: "prefix",
    id: "prefix",
    placeholder: "all keys",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Prefix of the keys shown",
    "data-search": true,
  });
  const remark = h("p", { class: "quiet remark", role: "status" });
  const list = new VirtualList({
    label: "Keys",
    rowAt: (index) => rows[index],
    draw: ({ text, modRevision }) => [
      h("span", { class: "name", title: text }, tailOf(text)),
      h("span", { class: "count" }, number(modRevision)),
    ],
    isOpen: ({ key }) => key === place().query.get("key"),
    open: ({ key }) => go({ key, rev: undefined, tab: undefined }),
    want: (last) => {
      wanted = last;
      void load();
    },
  });
  const pane = keyPane({
    writes: about.writes,
    signal,
    close: () => {
      go({ key: undefined, rev: undefined, tab: undefined });
      list.element.focus();
    },
    gone: () => restart(),
  });
  const keys = h(
    "section",
    { class: "pane list-pane", "aria-label": "Keys" },
    h(
      "div",
      { class: "tools" },
      h("div", { class: "field" }, input, h("kbd", { "aria-hidden": "true" }, "/")),
      remark,
    ),
    list.element,
  );
  const view = h("div", { class: "keys-view" }, tree.element, keys, pane.element);
  fill(main, view);

  /** @param {string} text */
  const tailOf = (text) => {
    const above = decodeText(prefix);
    const folder = above.slice(0, above.lastIndexOf("/") + 1);
    return text.startsWith(folder) && text !== folder ? text.slice(folder.length) : text;
  };

  /** Loads pages in sequence until the visible rows are loaded. */
  const load = async () => {
    if (isLoading || rows.length >= count || rows.length >= wanted) return;
    isLoading = true;
    const mine = listing.signal;
    try {
      while (rows.length < count && rows.length < wanted) await page(mine);
    } catch (error) {
      if (!mine.aborted)
        fill(
          remark,
          fault(error, () => restart()),
        );
    } finally {
      if (mine === listing.signal) isLoading = false;
    }
    if (!mine.aborted) list.draw();
  };

  /** @param {AbortSignal} mine */
  const page = async (mine) => {
    const after = rows.at(-1)?.key;
    const found = await get(
      "/api/keys",
      { prefix, after, revision: revision || undefined, limit: pageKeys },
      mine,
    );
    if (mine.aborted) return;
    revision = found.revision;
    rows = [...rows, ...found.keys];
    // The count covers keys after the last one: the first page has the total.
    if (after === undefined) count = Number(found.count);
    if (!found.more) count = rows.length;
    list.setCount(count);
    fill(remark, `${counted(count, "key")} at revision ${number(revision)}`);
  };

  const restart = () => {
    listing.abort();
    listing = new AbortController();
    rows = [];
    revision = "";
    count = 0;
    isLoading = true;
    list.toTop();
    const mine = listing.signal;
    page(mine)
      .catch((error) => {
        if (!mine.aborted)
          fill(
            remark,
            fault(error, () => restart()),
          );
      })
      .finally(() => {
        if (mine === listing.signal) isLoading = false;
        if (!mine.aborted) list.draw();
      });
  };

  let typing = 0;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => go({ prefix: encodeText(input.value), key: undefined }), typingMs);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      list.element.focus();
      if (list.marked < 0 && count > 0) list.mark(0);
    } else if (event.key === "Escape") {
      input.blur();
      list.element.focus();
    }
  });
  signal.addEventListener("abort", () => listing.abort());

  const update = () => {
    const { query } = place();
    const next = query.get("prefix") ?? "";
    if (next !== prefix) {
      prefix = next;
      const text = decodeText(prefix);
      if (document.activeElement !== input || input.value !== text) input.value = text;
      restart();
      tree.show(prefix);
    }
    const key = query.get("key") ?? undefined;
    view.dataset["shows"] = key !== undefined ? "key" : query.has("prefix") ? "list" : "tree";
    pane.show(key, query.get("rev") ?? undefined, query.get("tab") ?? "value");
    list.draw();
  };
  update();
  return update;
}
