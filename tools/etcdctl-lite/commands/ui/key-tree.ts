/**
 * The contents as a tree: kinds with their namespaces, and folders of keys without objects. Keys and bytes are counted
 * once, by folder, and kept up to date by a watch (commands/top/live-counts.ts).
 *
 *   kind  pods            /registry/pods/           3 keys   12 kB
 *           default       /registry/pods/default/   2 keys    8 kB
 *   folder /config/       the same for other keys, by their first name, with the folders below it
 */
import { isStoreError } from "keelson";
import type { Etcd } from "keelson/etcd";
import type { KindCatalogue } from "../../store/kind-catalogue.ts";
import { resourceOf } from "../../store/known-kinds.ts";
import { printable } from "../../text/printable.ts";
import { LiveCounts, otherGroups } from "../top/live-counts.ts";
import { encodeKey } from "./key-pages.ts";

export interface TreeNode {
  /** "kind" and "namespace" of known objects; "folder" of other keys. */
  readonly type: "kind" | "namespace" | "folder";
  readonly label: string;
  /** base64url of the keys' common prefix; undefined for the combined remaining folders. */
  readonly prefix: string | undefined;
  readonly keys: number;
  readonly bytes: number;
  readonly children: readonly TreeNode[];
}

export interface KeyTree {
  readonly revision: string;
  /** Keys counted so far during the first count; undefined: it is complete. */
  readonly counting: number | undefined;
  readonly keys: number;
  readonly bytes: number;
  readonly nodes: readonly TreeNode[];
}

/** Everything up to the last slash, inclusive. */
const folderOf = (key: string): string => key.slice(0, key.lastIndexOf("/") + 1);

/** `/config/` of `/config/frontend/`. */
const topOf = (folder: string): string => folder.slice(0, folder.indexOf("/", 1) + 1);

const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

export class LiveTree {
  #counts = new LiveCounts(folderOf);
  #counting: number | undefined = 0;
  #failure: unknown;

  /** Runs until the signal aborts. A compaction or a restore restarts the count. */
  async run(etcd: Etcd, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(etcd, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isStoreError(error, "EXPIRED")) continue;
        // Reported to the reader of the tree, who can act on it; then retried.
        this.#failure = error;
        await etcd.clock.sleep(2_000, signal).catch(() => {});
      }
    }
  }

  /** @throws the error that ended the count, until it works again */
  tree(catalogue: KindCatalogue, prefix: string): KeyTree {
    if (this.#failure !== undefined) throw this.#failure;
    const { groups, revision } = this.#counts;
    const nodes = new Map<string, Draft>();
    const others: Draft = {
      type: "folder",
      label: "elsewhere",
      prefix: undefined,
      keys: 0,
      bytes: 0,
      children: [],
    };
    for (const { prefix: folder, keys, bytes } of groups) {
      if (keys === 0) continue;
      if (folder === otherGroups) {
        others.keys += keys;
        others.bytes += bytes;
        continue;
      }
      const place = catalogue.placeOf(`${folder}x`);
      if (place === undefined) {
        const top = topOf(folder);
        const node = add(nodes, draft("folder", top === "" ? "(no folder)" : top, top), keys, bytes);
        if (folder !== top) node.children.push({ ...draft("folder", folder, folder), keys, bytes });
        continue;
      }
      const { kind, namespace } = place;
      const node = add(nodes, draft("kind", resourceOf(kind), `${prefix}${kind.keyPath}/`), keys, bytes);
      if (namespace !== undefined)
        node.children.push({ ...draft("namespace", namespace, folder), keys, bytes });
    }
    const all = [...nodes.values(), ...(others.keys > 0 ? [others] : [])];
    return {
      revision: revision.toString(),
      counting: this.#counting,
      keys: all.reduce((sum, node) => sum + node.keys, 0),
      bytes: all.reduce((sum, node) => sum + node.bytes, 0),
      nodes: all
        .sort(byTypeAndLabel)
        .map((node) => ({ ...node, children: node.children.sort(byTypeAndLabel) })),
    };
  }

  async #follow(etcd: Etcd, signal: AbortSignal): Promise<void> {
    const counts = new LiveCounts(folderOf);
    this.#counts = counts;
    this.#counting = 0;
    this.#failure = undefined;
    const onKeys = (done: number): void => {
      this.#counting = done;
    };
    await counts.count(etcd, everything, { signal, onKeys });
    this.#counting = undefined;
    const request = { ...everything, startRevision: counts.revision + 1n, prevKv: true };
    await using watch = etcd.watches.open(request, { signal });
    for await (const batch of watch) counts.take(batch);
  }
}

interface Draft extends TreeNode {
  keys: number;
  bytes: number;
  readonly children: TreeNode[];
}

const draft = (type: TreeNode["type"], label: string, prefix: string): Draft => ({
  type,
  label: printable(label),
  prefix: encodeKey(Buffer.from(prefix)),
  keys: 0,
  bytes: 0,
  children: [],
});

function add(nodes: Map<string, Draft>, made: Draft, keys: number, bytes: number): Draft {
  const id = `${made.type} ${made.label}`;
  const node = nodes.get(id) ?? made;
  nodes.set(id, node);
  node.keys += keys;
  node.bytes += bytes;
  return node;
}

const order = { kind: 0, namespace: 1, folder: 2 } as const;
const byTypeAndLabel = (a: TreeNode, b: TreeNode): number =>
  order[a.type] - order[b.type] || (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
