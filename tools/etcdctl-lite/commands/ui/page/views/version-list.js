/** Every version of a key, newest first, each with its changes. */
import { h } from "../base/dom.js";
import { number, size } from "../base/format.js";
import { go } from "../base/place.js";

/** Longer differences are cut to this many fields. */
const fieldsMax = 60;

/** @typedef {{ path: string, from?: string, to?: string }} Change */
/** @typedef {{ revision: string, type: string, version: string, sizeBytes?: number, changes?: Change[], remark?: string }} Version */

/** @param {readonly Version[]} versions */
export const versionList = (versions) => h("ol", { class: "versions" }, ...versions.map(item));

/** @param {Version} version */
function item({ revision, type, version, sizeBytes, changes, remark }) {
  const isPut = type === "put";
  return h(
    "li",
    { class: type },
    h(
      "div",
      { class: "version" },
      isPut
        ? h(
            "button",
            { type: "button", class: "link", onclick: () => go({ rev: revision, tab: "value" }) },
            `Revision ${number(revision)}`,
          )
        : h("span", {}, `Revision ${number(revision)}`),
      h(
        "span",
        { class: "quiet" },
        isPut ? `version ${number(version)}, ${size(sizeBytes ?? 0)}` : "deleted",
      ),
    ),
    remark !== undefined && isPut && h("p", { class: "quiet remark" }, sentence(remark)),
    changes !== undefined && changesOf(changes),
  );
}

/** @param {readonly Change[]} changes */
function changesOf(changes) {
  if (changes.length === 0) return h("p", { class: "quiet remark" }, "Written again, without a difference.");
  const hidden = changes.length - fieldsMax;
  return h(
    "dl",
    { class: "changes" },
    ...changes
      .slice(0, fieldsMax)
      .flatMap(({ path, from, to }) => [
        h("dt", {}, path),
        h(
          "dd",
          {},
          from === undefined ? h("span", { class: "quiet" }, "absent") : h("del", {}, from),
          h("span", { class: "arrow", "aria-label": "became" }, "→"),
          to === undefined ? h("span", { class: "quiet" }, "absent") : h("ins", {}, to),
        ),
      ]),
    ...(hidden > 0 ? [h("dt", { class: "quiet" }, `and ${hidden} more fields`), h("dd", {})] : []),
  );
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
