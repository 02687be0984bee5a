/**
 * Keys: the one translation between objects and etcd keys.
 *
 *   <prefix>/<keyPath>/<namespace>/<name>      a namespaced object; keyPath is plural or group/plural
 *   <prefix>/<keyPath>/<name>                  a cluster-scoped one
 *   /keelson<prefix>/…                         bookkeeping, out of reach of every object key
 *
 * Injective: different coordinates of kinds that do not nest give different keys, and `parse` is the inverse. Every
 * segment is checked on every verb, including lists and watches, so no name leads out of its kind and namespace.
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, invariant } from "../../errors.ts";
import { KeyRange } from "./key-range.ts";
import { limits } from "./limits.ts";
import { type NameRule, nameFault } from "./names.ts";
import type { Key, Scope } from "./resource.ts";

/** What a key needs from a kind; both a KindDefinition and a recorded kind have it. */
export interface KeyedKind {
  /** "pods", "deployments.apps": for messages. */
  readonly resource: string;
  readonly scope: Scope;
  readonly keyPath: string;
  readonly nameRule: NameRule;
}

/** Root of the bookkeeping of every store, whatever its prefix. */
const bookkeepingTop = "/keelson";

/**
 * The bookkeeping folders below a store's root. A prefix with one of them as a later segment would have its own root
 * inside the bookkeeping of the store with the shorter prefix.
 */
const bookkeepingFolders: ReadonlySet<string> = new Set([
  "amounts",
  "continue-key",
  "dictionaries",
  "epoch",
  "graves",
  "kinds",
  "locks",
  "quotas",
  "sealing",
  "sessions",
  "terminating",
]);

/** Characters of a prefix or key path segment: printable ASCII, nothing that needs escaping anywhere. */
const pathSegment = /^[A-Za-z0-9](?:[-A-Za-z0-9_.:]*[A-Za-z0-9])?$/;

/**
 * `prefix` with one leading and one trailing `/`.
 * @throws INVALID_ARGUMENT "prefix": empty, with empty or odd segments, one that is or begins with `/keelson`, or
 * with a bookkeeping folder as any segment but the first
 */
export function normalizePrefix(prefix: unknown): string {
  const refuse = (fault: string): Error =>
    invalidArgument("prefix", `Cannot use ${quote(prefix)} as prefix: ${fault}`);
  if (typeof prefix !== "string") throw refuse("expected text");
  if (prefix.length > limits.prefixCharactersMax) {
    throw refuse(`${prefix.length} characters, expected at most ${limits.prefixCharactersMax}`);
  }
  let start = 0;
  let end = prefix.length;
  while (start < end && prefix[start] === "/") start++;
  while (end > start && prefix[end - 1] === "/") end--;
  const inner = prefix.slice(start, end);
  if (inner === "") throw refuse("expected at least one segment");
  if (!inner.split("/").every((part) => pathSegment.test(part))) {
    throw refuse(
      "expected segments of letters, digits, '-', '_', '.' and ':', starting and ending with a letter or digit",
    );
  }
  const normal = `/${inner}/`;
  if (normal.startsWith(bookkeepingTop)) throw refuse(`${bookkeepingTop} is keelson's own`);
  const folder = inner.split("/").find((part, index) => index > 0 && bookkeepingFolders.has(part));
  if (folder !== undefined) {
    throw refuse(`its bookkeeping would lie among the ${quote(folder)} of the store of a shorter prefix`);
  }
  return normal;
}

/** What is wrong with a key path such as "apps/deployments"; undefined when fine. */
export function keyPathFault(keyPath: unknown): string | undefined {
  if (typeof keyPath !== "string") return "expected text";
  if (keyPath.length > limits.keyPathCharactersMax) {
    return `${keyPath.length} characters, expected at most ${limits.keyPathCharactersMax}`;
  }
  return keyPath.split("/").every((part) => nameFault("subdomain", part) === undefined)
    ? undefined
    : "expected segments of lower-case letters, digits, '-' and '.', divided by '/'";
}

/** Two kinds of which one's keys lie among the other's; undefined when there are none. */
export function nestingKinds<K extends Pick<KeyedKind, "keyPath">>(
  kinds: readonly K[],
): readonly [K, K] | undefined {
  // In byte order of "path/" a path comes directly before those that begin with it.
  const sorted = kinds
    .map((kind) => ({ kind, path: `${kind.keyPath}/` }))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (let i = 1; i < sorted.length; i++) {
    const [outer, inner] = [sorted[i - 1], sorted[i]];
    if (outer !== undefined && inner?.path.startsWith(outer.path)) return [outer.kind, inner.kind];
  }
  return undefined;
}

/** All keys of one store. Immutable; every method checks its arguments before it builds a key. */
export class KeySpace {
  /** One leading and one trailing `/`: "/registry/". */
  readonly prefix: string;
  /** Root of the bookkeeping: "/keelson/registry/". */
  readonly bookkeepingRoot: string;

  /** @throws INVALID_ARGUMENT as `normalizePrefix` */
  constructor(prefix: string = "/registry") {
    this.prefix = normalizePrefix(prefix);
    this.bookkeepingRoot = `${bookkeepingTop}${this.prefix}`;
  }

  /**
   * The key of one object.
   * @throws INVALID_ARGUMENT "key", "namespace" or "name": missing, not allowed, or malformed
   */
  object(kind: KeyedKind, key: Key): string {
    if (typeof key !== "object" || key === null) {
      throw invalidArgument("key", `Cannot use ${quote(key)} as key: expected { namespace, name }`);
    }
    const at = this.#place(kind, requiredNamespace(kind, key.namespace));
    const fault = nameFault(kind.nameRule, key.name);
    if (fault !== undefined) {
      throw invalidArgument("name", `Cannot use ${quote(key.name)} as name of ${kind.resource}: ${fault}`);
    }
    return at + key.name;
  }

  /**
   * All keys of a kind, or of one namespace of it.
   * @throws INVALID_ARGUMENT "namespace": malformed, or given for a cluster-scoped kind
   */
  range(kind: KeyedKind, namespace?: string): KeyRange {
    return KeyRange.ofPrefix(this.#place(kind, checkedNamespace(kind, namespace)));
  }

  /** Every object key of the store, including those of unknown kinds. */
  all(): KeyRange {
    return KeyRange.ofPrefix(this.prefix);
  }

  /**
   * The coordinates behind a key of `kind`; undefined for any other key: too few or too many segments, or an empty
   * one. Names written by others are returned unchanged.
   */
  parse(kind: Pick<KeyedKind, "keyPath" | "scope">, key: string): Key | undefined {
    const start = this.prefix.length + kind.keyPath.length + 1;
    if (key.length <= start || !key.startsWith(`${this.prefix}${kind.keyPath}/`)) return undefined;
    const slash = key.indexOf("/", start);
    if (kind.scope === "Cluster") return slash < 0 ? { name: key.slice(start) } : undefined;
    if (slash <= start || slash === key.length - 1 || key.indexOf("/", slash + 1) >= 0) return undefined;
    return { namespace: key.slice(start, slash), name: key.slice(slash + 1) };
  }

  /** A bookkeeping key: `segments` are keelson's own words, or checked names. */
  bookkeeping(...segments: readonly string[]): string {
    const path = joined(segments);
    invariant(
      bookkeepingFolders.has(segments[0] ?? ""),
      "a bookkeeping key lies in a folder that no prefix can name",
    );
    return this.bookkeepingRoot + path;
  }

  /** The key of one object in a bookkeeping folder: `objectKey` with the folder in the prefix's place. */
  beside(folder: string, objectKey: string): string {
    invariant(
      bookkeepingFolders.has(folder) && objectKey.startsWith(this.prefix),
      "bookkeeping of an object lies in a folder that no prefix can name",
    );
    return `${this.bookkeepingRoot}${folder}/${objectKey.slice(this.prefix.length)}`;
  }

  /** All bookkeeping below `segments`; without segments, all of this store's. */
  bookkeepingRange(...segments: readonly string[]): KeyRange {
    return KeyRange.ofPrefix(
      segments.length === 0 ? this.bookkeepingRoot : `${this.bookkeepingRoot}${joined(segments)}/`,
    );
  }

  #place(kind: Pick<KeyedKind, "keyPath">, namespace: string | undefined): string {
    return namespace === undefined
      ? `${this.prefix}${kind.keyPath}/`
      : `${this.prefix}${kind.keyPath}/${namespace}/`;
  }
}

function joined(segments: readonly string[]): string {
  const path = segments.join("/");
  invariant(
    segments.every((s) => s !== "" && s !== "." && s !== ".." && !s.includes("/")),
    "a bookkeeping segment is a clean word",
  );
  return path;
}

/** `namespace` if `kind` may have one; undefined stays undefined. @throws INVALID_ARGUMENT "namespace" */
export function checkedNamespace(kind: KeyedKind, namespace: unknown): string | undefined {
  if (namespace === undefined) return undefined;
  if (kind.scope === "Cluster") {
    throw invalidArgument(
      "namespace",
      `Cannot use namespace ${quote(namespace)} with ${kind.resource}: it is cluster-scoped, expected none`,
    );
  }
  const fault = nameFault("label", namespace);
  if (fault !== undefined || typeof namespace !== "string") {
    throw invalidArgument("namespace", `Cannot use ${quote(namespace)} as namespace: ${fault}`);
  }
  return namespace;
}

function requiredNamespace(kind: KeyedKind, namespace: unknown): string | undefined {
  const checked = checkedNamespace(kind, namespace);
  if (checked === undefined && kind.scope === "Namespaced") {
    throw invalidArgument(
      "namespace",
      `Cannot build the key of ${kind.resource}: the namespace is missing, and the kind is namespaced`,
    );
  }
  return checked;
}
