/**
 * The tree of kinds and folders with counts and bytes. It is updated while it is shown; arrows move, → opens, ← closes.
 */
import { get } from "../base/api.js";
import { fault, fill, h } from "../base/dom.js";
import { counted, number, size } from "../base/format.js";

const refreshMs = 2_000;
/** Maximum namespaces shown per kind; a prefix finds the others. */
const childrenMax = 200;

/** @typedef {{ type: string, label: string, prefix?: string, keys: number, bytes: number, children: TreeNode[] }} TreeNode */

/**
 * A nested folder is labelled with its part of the path only.
 *
 * @param {string} label
 * @param {string} above
 */
const tailOf = (label, above) =>
  label.startsWith(above) && label !== above ? label.slice(above.length) : label;

/**
 * @param {object} options
 * @param {(prefix: string) => void} options.choose
 * @param {AbortSignal} options.signal
 * @returns {{ element: HTMLElement, show: (prefix: string) => void }}
 */
export function kindsTree({ choose, signal }) {
  const list = h("div", { class: "tree", role: "tree", tabindex: "0", "aria-label": "Kinds and folders" });
  const total = h("p", { class: "quiet total" });
  const element = h("section", { class: "pane tree-pane", "aria-label": "Kinds and folders" }, total, list);
  /** @type {Set<string>} */
  const open = new Set();
  /** @type {TreeNode[]} */
  let nodes = [];
  let chosen = "";
  let marked = "";
  let awaitsParent = false;

  /** @param {TreeNode} node */
  const idOf = (node) => `${node.type}:${node.label}:${node.prefix ?? ""}`;
  /** @returns {{ node: TreeNode, level: number, parent?: TreeNode }[]} */
  const shown = () =>
    nodes.flatMap((node) => [
      { node, level: 1 },
      ...(open.has(idOf(node))
        ? node.children.slice(0, childrenMax).map((child) => ({ node: child, level: 2, parent: node }))
        : []),
    ]);

  const draw = () => {
    let type = "";
    /** @type {HTMLElement[]} */
    const rows = [];
    for (const { node, level, parent } of shown()) {
      if (level === 1 && node.type !== type) {
        type = node.type;
        rows.push(
          h("p", { class: "heading", role: "presentation" }, type === "kind" ? "Kinds" : "Other keys"),
        );
      }
      rows.push(row(node, level, parent));
      const hidden = node.children.length - childrenMax;
      if (hidden > 0 && open.has(idOf(node)))
        rows.push(h("p", { class: "quiet more" }, `and ${counted(hidden, "more namespace")}`));
    }
    if (rows.length === 0) rows.push(h("p", { class: "quiet more" }, "There are no keys."));
    fill(list, ...rows);
    list.querySelector("[data-marked]")?.scrollIntoView({ block: "nearest" });
  };

  /**
   * @param {TreeNode} node
   * @param {number} level
   * @param {TreeNode | undefined} parent
   */
  const row = (node, level, parent) => {
    const id = idOf(node);
    const isOpen = open.has(id);
    return h(
      "div",
      {
        class: `node ${node.type}`,
        role: "treeitem",
        "aria-level": level,
        "aria-expanded": node.children.length === 0 ? undefined : String(isOpen),
        "aria-selected": String(node.prefix !== undefined && node.prefix === chosen),
        "data-marked": id === marked,
        title: `${node.label}: ${counted(node.keys, "key")}, ${size(node.bytes)}`,
        onclick: () => {
          marked = id;
          take(node, !isOpen || node.prefix !== chosen);
        },
      },
      h("span", { class: node.children.length === 0 ? "twist none" : "twist", "aria-hidden": "true" }),
      h(
        "span",
        { class: "label" },
        level === 2 && parent !== undefined ? tailOf(node.label, parent.label) : node.label,
      ),
      h("span", { class: "bytes" }, size(node.bytes)),
      h("span", { class: "count" }, number(node.keys)),
    );
  };

  /**
   * @param {TreeNode} node
   * @param {boolean} opens
   */
  const take = (node, opens) => {
    if (node.children.length > 0) opens ? open.add(idOf(node)) : open.delete(idOf(node));
    if (node.prefix !== undefined) choose(node.prefix);
    draw();
  };

  list.addEventListener("keydown", (event) => {
    const rows = shown();
    const at = rows.findIndex(({ node }) => idOf(node) === marked);
    const here = rows[at];
    const move = (/** @type {number} */ to) => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, to))];
      if (next !== undefined) marked = idOf(next.node);
    };
    if (event.key === "ArrowDown") move(at + 1);
    else if (event.key === "ArrowUp") move(at - 1);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(rows.length - 1);
    else if (event.key === "ArrowRight" && here !== undefined && here.node.children.length > 0) {
      if (open.has(marked)) move(at + 1);
      else open.add(marked);
    } else if (event.key === "ArrowLeft" && here !== undefined) {
      if (open.has(marked)) open.delete(marked);
      else if (here.parent !== undefined) marked = idOf(here.parent);
    } else if (event.key === "Enter" && here !== undefined) take(here.node, true);
    else return;
    event.preventDefault();
    draw();
  });

  /** Scrolls to the selection once, when its place is known. */
  const openParent = () => {
    if (!awaitsParent) return;
    const parent = nodes.find(({ children }) => children.some((child) => child.prefix === chosen));
    const found =
      parent?.children.find((child) => child.prefix === chosen) ??
      nodes.find((node) => node.prefix === chosen);
    if (found === undefined) return;
    if (parent !== undefined) open.add(idOf(parent));
    marked = idOf(found);
    awaitsParent = false;
  };

  let last = "";
  const refresh = async () => {
    try {
      const tree = await get("/api/tree", {}, signal);
      const text = JSON.stringify(tree);
      if (text !== last) {
        last = text;
        nodes = tree.nodes;
        openParent();
        fill(
          total,
          tree.counting === undefined
            ? `${counted(tree.keys, "key")}, ${size(tree.bytes)}`
            : `Counting: ${counted(tree.counting, "key")} so far`,
        );
        draw();
      }
    } catch (error) {
      if (signal.aborted) return;
      last = "";
      fill(list, fault(error));
    }
    if (!signal.aborted) setTimeout(refresh, refreshMs);
  };
  void refresh();

  return {
    element,
    show(prefix) {
      if (prefix === chosen) return;
      chosen = prefix;
      awaitsParent = true;
      openParent();
      draw();
    },
  };
}
