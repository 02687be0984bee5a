/**
 * KEELSON_MEASURE=1 npx vitest run test/measure
 *
 * The two ways to hold past versions that docs/adr/0007-versioned-state.md weighs: version intervals (src/watch/state/kind-state.ts) and
 * a copy-on-write B+ tree with a root per version, each with one secondary index of 100 values.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { DecodedValues } from "../../src/watch/state/decoded-values.ts";
import { KindState } from "../../src/watch/state/kind-state.ts";
import { Slabs } from "../../src/watch/state/slabs.ts";
import { skipNote } from "../support/skip-note.ts";

interface StructureRow {
  readonly structure: string;
  readonly keys: number;
  readonly updates: number;
  readonly updateUs: number;
  /** Heap retained by one update that changes no index value, its record included. */
  readonly bytesPerUpdate: number;
  readonly listLatestMs: number;
  readonly listPastMs: number;
  readonly pagePastUs: number;
  readonly indexPastUs: number;
}

const keyOf = (i: number): string =>
  `/registry/items/team-${String(i % 20).padStart(2, "0")}/item-${String(i).padStart(7, "0")}`;
const appOf = (i: number): string => `app-${i % 100}`;
const end = "/registry/items0";
const nodeMax = 32;

interface Row {
  readonly key: string;
  readonly revision: number;
  readonly app: string;
}
type Node = {
  readonly keys: readonly string[];
  readonly rows?: readonly Row[];
  readonly children?: readonly Node[];
};

/** Path copying: the new root; nodes split above `nodeMax`. */
function put(node: Node | undefined, row: Row): Node {
  if (node === undefined) return { keys: [row.key], rows: [row] };
  const grown = insert(node, row);
  const [first] = grown;
  return grown.length === 1 && first !== undefined ? first : { keys: grown.map(firstKey), children: grown };
}

const firstKey = (node: Node): string => node.keys[0] ?? "";

function insert(node: Node, row: Row): readonly Node[] {
  if (node.rows !== undefined) {
    const at = lowerBound(node.keys, row.key);
    const same = node.keys[at] === row.key;
    const rows = node.rows.toSpliced(at, same ? 1 : 0, row);
    return split(same ? node.keys : node.keys.toSpliced(at, 0, row.key), rows, (keys, part) => ({
      keys,
      rows: part,
    }));
  }
  const at = Math.max(0, lowerBound(node.keys, `${row.key}\0`) - 1);
  const children = node.children ?? [];
  const child = children[at];
  const grown = child === undefined ? [] : insert(child, row);
  const next = children.toSpliced(at, 1, ...grown);
  return split(grown.length === 1 ? node.keys : next.map(firstKey), next, (keys, part) => ({
    keys,
    children: part,
  }));
}

function split<P>(
  keys: readonly string[],
  parts: readonly P[],
  make: (keys: readonly string[], parts: readonly P[]) => Node,
): readonly Node[] {
  if (parts.length <= nodeMax) return [make(keys, parts)];
  const half = parts.length >> 1;
  return [make(keys.slice(0, half), parts.slice(0, half)), make(keys.slice(half), parts.slice(half))];
}

function lowerBound(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function scan(node: Node | undefined, from: string, visit: (row: Row) => boolean): boolean {
  if (node === undefined) return true;
  if (node.rows !== undefined) {
    for (let at = lowerBound(node.keys, from); at < node.rows.length; at++) {
      const row = node.rows[at];
      if (row !== undefined && !visit(row)) return false;
    }
    return true;
  }
  const children = node.children ?? [];
  for (let at = Math.max(0, lowerBound(node.keys, `${from}\0`) - 1); at < children.length; at++) {
    if (!scan(children[at], from, visit)) return false;
  }
  return true;
}

const without = process.env["KEELSON_MEASURE"] !== "1";

test.skipIf(without)(
  `intervals hold a past version in less than a copied tree${skipNote(without, "a measurement: KEELSON_MEASURE=1 makes it")}`,
  () => {
    const rows: StructureRow[] = [];
    for (const keys of [10_000, 100_000]) rows.push(intervals(keys, 50_000), copyOnWrite(keys, 50_000));
    process.stdout.write(`${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
    const [own, copied] = rows;
    expect(own?.bytesPerUpdate).toBeLessThan(copied?.bytesPerUpdate ?? 0);
  },
);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heap(): number {
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}

function median(times: number, work: () => void): number {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    work();
    all.push(performance.now() - start);
  }
  return all.sort((a, b) => a - b)[times >> 1] ?? 0;
}

function intervals(keys: number, updates: number): StructureRow {
  const state = new KindState(1, new Slabs(), new DecodedValues(0));
  const bytes = new Uint8Array(8);
  const incoming = (i: number, revision: number) => ({
    key: keyOf(i),
    modRevision: BigInt(revision),
    createRevision: 1n,
    lease: 0n,
    bytes,
    corrupt: undefined,
    storedBytes: 8,
    stale: false,
    attributes: shared[i % 100] ?? { labels: {}, fields: {}, indexed: [] },
  });
  const shared = Array.from({ length: 100 }, (_, i) => ({
    labels: { app: appOf(i) },
    fields: {},
    indexed: [appOf(i)],
  }));
  for (let i = 0; i < keys; i++) state.fill(incoming(i, 1));
  const before = heap();
  const start = performance.now();
  for (let i = 0; i < updates; i++) state.put(BigInt(i + 2), incoming((i * 7919) % keys, i + 2));
  const updateUs = ((performance.now() - start) * 1000) / updates;
  const bytesPerUpdate = (heap() - before) / updates;
  const list = (
    position: number,
    limit: number,
    pick?: Parameters<KindState["scan"]>[2],
    from = "",
  ): number => {
    const found: unknown[] = [];
    state.scan({ from, end }, position, pick, (version) => found.push(version) < limit);
    return found.length;
  };
  const past = updates >> 1;
  const app = { index: 0, values: ["app-7"] };
  return {
    structure: "intervals",
    keys,
    updates,
    updateUs,
    bytesPerUpdate,
    listLatestMs: median(30, () => list(state.position, Number.POSITIVE_INFINITY)),
    listPastMs: median(30, () => list(past, Number.POSITIVE_INFINITY)),
    pagePastUs: median(200, () => list(past, 500, undefined, keyOf(keys >> 1))) * 1000,
    indexPastUs: median(200, () => list(past, Number.POSITIVE_INFINITY, app)) * 1000,
  };
}

function copyOnWrite(keys: number, updates: number): StructureRow {
  let root: Node | undefined;
  const roots = new Map<number, readonly [Node | undefined, ReadonlyMap<string, Node>]>();
  // The index is a tree a value; a version holds the tree of the value it changed, and the map of all by copy of one entry.
  const index = new Map<string, Node>();
  for (let i = 0; i < keys; i++) {
    const row = { key: keyOf(i), revision: 1, app: appOf(i) };
    root = put(root, row);
    index.set(row.app, put(index.get(row.app), row));
  }
  const before = heap();
  const start = performance.now();
  for (let i = 0; i < updates; i++) {
    const at = (i * 7919) % keys;
    const row = { key: keyOf(at), revision: i + 2, app: appOf(at) };
    root = put(root, row);
    const tree = put(index.get(row.app), row);
    index.set(row.app, tree);
    roots.set(i + 1, [root, new Map([[row.app, tree]])]);
  }
  const updateUs = ((performance.now() - start) * 1000) / updates;
  const bytesPerUpdate = (heap() - before) / updates;
  const past = roots.get(updates >> 1)?.[0];
  const posting = index.get("app-7");
  const list = (node: Node | undefined, limit: number, from = ""): number => {
    const found: unknown[] = [];
    scan(node, from, (row) => found.push(row) < limit);
    return found.length;
  };
  return {
    structure: "copy on write",
    keys,
    updates,
    updateUs,
    bytesPerUpdate,
    listLatestMs: median(30, () => list(root, Number.POSITIVE_INFINITY)),
    listPastMs: median(30, () => list(past, Number.POSITIVE_INFINITY)),
    pagePastUs: median(200, () => list(past, 500, keyOf(keys >> 1))) * 1000,
    indexPastUs: median(200, () => list(posting, Number.POSITIVE_INFINITY)) * 1000,
  };
}
