/** One key: its decoded value, and its versions with their changes; secrets are shown only after a click. */
import { get, post } from "../base/api.js";
import { ask } from "../base/ask.js";
import { fault, fill, h, waiting } from "../base/dom.js";
import { counted, number, size } from "../base/format.js";
import { highlighted } from "../base/highlight.js";
import { go, hashOf, place } from "../base/place.js";
import { versionList } from "./version-list.js";

/**
 * @param {object} options
 * @param {boolean} options.writes
 * @param {AbortSignal} options.signal
 * @param {() => void} options.close
 * @param {() => void} options.gone the key was deleted here
 */
export function keyPane({ writes, signal, close, gone }) {
  const element = h("section", { class: "pane key-pane", "aria-label": "Key" });
  let shown = "";
  let isRevealed = false;
  /** @type {string | undefined} */
  let shownKey;

  /**
   * @param {string | undefined} key
   * @param {string | undefined} rev
   * @param {string} tab
   */
  const show = (key, rev, tab) => {
    if (key !== shownKey) isRevealed = false;
    shownKey = key;
    const wanted = JSON.stringify([key, rev, tab, isRevealed]);
    if (wanted === shown) return;
    shown = wanted;
    if (key === undefined) {
      fill(
        element,
        h(
          "div",
          { class: "empty" },
          h("p", { class: "quiet" }, "Choose a key to see what it holds."),
          h(
            "p",
            { class: "quiet keys" },
            h("kbd", {}, "/"),
            " prefix ",
            h("kbd", {}, "↑"),
            h("kbd", {}, "↓"),
            " move ",
            h("kbd", {}, "Enter"),
            " open ",
            h("kbd", {}, "?"),
            " more",
          ),
        ),
      );
      return;
    }
    void draw(key, rev, tab, wanted);
  };

  /**
   * @param {string} key
   * @param {string | undefined} rev
   * @param {string} tab
   * @param {string} mine
   */
  const draw = async (key, rev, tab, mine) => {
    const timer = setTimeout(() => fill(element, waiting()), 200);
    try {
      const reveal = isRevealed ? 1 : undefined;
      const [story, versions] = await Promise.all([
        get("/api/key", { key, revision: rev, reveal }, signal).catch((error) => {
          if (tab !== "history") throw error;
          return undefined;
        }),
        tab === "history" ? get("/api/versions", { key, reveal }, signal) : undefined,
      ]);
      if (mine !== shown) return;
      const again = () => {
        shown = "";
        show(key, rev, tab);
      };
      fill(
        element,
        header(story, key, rev),
        tabs(tab),
        h(
          "div",
          {
            class: "body",
            tabindex: "0",
            role: "tabpanel",
            "aria-label": tab === "history" ? "History" : "Value",
          },
          versions === undefined ? value(story, again) : history(versions, story, again),
        ),
      );
    } catch (error) {
      if (mine !== shown || signal.aborted) return;
      fill(
        element,
        closeButton(),
        fault(error, () => {
          shown = "";
          show(key, rev, tab);
        }),
      );
    } finally {
      clearTimeout(timer);
    }
  };

  const closeButton = () =>
    h(
      "button",
      { type: "button", class: "icon back", "aria-label": "Back to the keys", onclick: close },
      "←",
    );

  /**
   * @param {any} story undefined: deleted
   * @param {string} key
   * @param {string | undefined} rev
   */
  const header = (story, key, rev) => {
    const facts =
      story === undefined
        ? ["deleted"]
        : [
            story.form,
            size(story.sizeBytes),
            `revision ${number(story.revision)}`,
            `version ${number(story.version)}`,
            ...(story.lease === undefined ? [] : [`lease ${story.lease}`]),
          ];
    return h(
      "header",
      { class: "key-header" },
      h(
        "div",
        { class: "title" },
        closeButton(),
        h("h1", {}, ...(story === undefined ? ["This key is deleted"] : pathOf(story.text))),
        story !== undefined && copyButton(story),
        writes && story !== undefined && rev === undefined && deleteButton(story, key),
      ),
      h("p", { class: "facts" }, ...facts.map((fact) => h("span", {}, fact))),
      rev !== undefined &&
        h(
          "p",
          { class: "notice" },
          `As it was at revision ${number(rev)}. `,
          h(
            "a",
            { href: hashOf("keys", { ...Object.fromEntries(place().query), rev: "" }) },
            "Show it as it is now",
          ),
        ),
    );
  };

  /** @param {any} story */
  const copyButton = (story) => {
    const button = h("button", { type: "button", class: "icon", "aria-label": "Copy what is shown" }, "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(story.value.text).catch(() => {});
      fill(button, "Copied");
      setTimeout(() => fill(button, "Copy"), 1_200);
    });
    return button;
  };

  /**
   * @param {any} story
   * @param {string} key
   */
  const deleteButton = (story, key) =>
    h(
      "button",
      {
        type: "button",
        class: "icon danger",
        onclick: async () => {
          const yes = await ask({
            title: "Delete this key?",
            text: `${story.text} goes from etcd for everyone. undelete brings it back until etcd is compacted.`,
            yes: "Delete",
          });
          if (!yes) return;
          try {
            await post("/api/delete", { key, modRevision: story.revision });
            gone();
            close();
          } catch (error) {
            element.prepend(fault(error));
          }
        },
      },
      "Delete",
    );

  /**
   * @param {any} story
   * @param {() => void} again
   */
  const value = (story, again) => {
    const { secret, revealed, fault: why, unread, value: held } = story;
    const conceals = secret !== undefined && !revealed;
    return h(
      "div",
      {},
      why !== undefined && h("p", { class: "notice warn" }, why),
      secret !== undefined && secrecy(secret, revealed, again),
      unread.length > 0 &&
        h("p", { class: "notice" }, `Not shown, from a newer Kubernetes: ${unread.join(", ")}`),
      held.type !== "none" &&
        (story.editable && !conceals
          ? editor(story, again)
          : h("pre", { class: held.type }, ...highlighted(held))),
      held.cut && h("p", { class: "quiet more" }, "There is more: get prints all of it."),
    );
  };

  /**
   * @param {string} secret
   * @param {boolean} revealed
   * @param {() => void} again
   */
  const secrecy = (secret, revealed, again) =>
    h(
      "div",
      { class: "notice secret" },
      h("p", {}, revealed ? `Shown, although ${secret}.` : `Hidden, because ${secret}.`),
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            isRevealed = !revealed;
            again();
          },
        },
        revealed ? "Hide it" : "Show it",
      ),
    );

  /**
   * @param {any} story
   * @param {() => void} again
   */
  const editor = (story, again) => {
    const area = h("textarea", { class: "editor", spellcheck: "false", "aria-label": "Value", rows: 16 });
    area.value = story.value.text;
    const remark = h("div", {});
    const save = h("button", { type: "button", class: "primary" }, "Save");
    save.addEventListener("click", async () => {
      try {
        await post("/api/put", { key: story.key, modRevision: story.revision, text: area.value });
        again();
      } catch (error) {
        fill(remark, fault(error));
      }
    });
    return h("div", { class: "edit" }, area, h("div", { class: "actions" }, save), remark);
  };

  /**
   * @param {any[]} versions
   * @param {any} story
   * @param {() => void} again
   */
  const history = (versions, story, again) =>
    h(
      "div",
      {},
      story?.secret !== undefined && secrecy(story.secret, story.revealed, again),
      h(
        "p",
        { class: "quiet total" },
        `${counted(versions.length, "version")} on record, since etcd was last compacted`,
      ),
      versionList(versions),
    );

  return { element, show };
}

/** @param {string} tab */
const tabs = (tab) =>
  h(
    "div",
    { class: "tabs", role: "tablist" },
    ...[
      ["value", "Value"],
      ["history", "History"],
    ].map(([name = "", label = ""]) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          "aria-selected": String(tab === name),
          onclick: () => go({ tab: name }),
        },
        label,
      ),
    ),
  );

/**
 * The path with line break opportunities, and its last name in bold.
 *
 * @param {string} text
 */
function pathOf(text) {
  const at = text.lastIndexOf("/", text.length - 2) + 1;
  const above = text
    .slice(0, at)
    .split(/(?<=\/)/)
    .flatMap((name) => [name, h("wbr")]);
  return [h("span", { class: "above" }, ...above), text.slice(at)];
}
