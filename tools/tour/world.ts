/**
 * The manifests for the tour's steps: each with its kind, and the expected results of lists.
 *
 * The expected answers come from plain filters over the manifests, never from the demonstrated store.
 */
import type { Kind } from "keelson";
import { guessKind, tourKinds } from "./kinds.ts";
import type { Manifest } from "./manifests.ts";

/** The namespace for the steps' own objects; emptied before each step. */
export const scratchNamespace = "tour";

export interface WorldObject {
  readonly manifest: Manifest;
  /** Undefined for a Namespace, which the store defines itself. */
  readonly kind: Kind | undefined;
  readonly name: string;
  /** "default" if a namespaced object has none; undefined for a cluster-scoped one. */
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface World {
  /** Namespaces first, then cluster-scoped objects, then the rest, each in the files' order. */
  readonly objects: readonly WorldObject[];
  /** The tour's own kinds and those in the manifests. */
  readonly kinds: readonly Kind[];
  /** Namespaces that objects use but no manifest declares. */
  readonly undeclaredNamespaces: readonly string[];
}

export function createWorld(manifests: readonly Manifest[]): World {
  const kinds = new Map(tourKinds.map((kind) => [typeOf(apiVersionOf(kind), kind.kind), kind]));
  const objects = manifests.map((manifest): WorldObject => {
    const { apiVersion, kind: kindName, metadata } = manifest;
    const labels = readLabels(metadata);
    if (apiVersion === "v1" && kindName === "Namespace") {
      return { manifest, kind: undefined, name: metadata.name, namespace: undefined, labels };
    }
    const type = typeOf(apiVersion, kindName);
    const kind = kinds.get(type) ?? guessKind(apiVersion, kindName, metadata.namespace !== undefined);
    kinds.set(type, kind);
    const namespace = kind.scope === "Namespaced" ? (metadata.namespace ?? "default") : undefined;
    return { manifest, kind, name: metadata.name, namespace, labels };
  });
  const declared = new Set(objects.filter(({ kind }) => kind === undefined).map(({ name }) => name));
  const used = new Set(objects.flatMap(({ namespace }) => (namespace === undefined ? [] : [namespace])));
  const rank = ({ kind, namespace }: WorldObject): number =>
    kind === undefined ? 0 : namespace === undefined ? 1 : 2;
  return {
    objects: [...objects].sort((a, b) => rank(a) - rank(b)),
    kinds: [...kinds.values()],
    undeclaredNamespaces: [...used].filter((namespace) => !declared.has(namespace)).sort(),
  };
}

/** The kind with most objects, or pods if there are any: used to demonstrate lists and pages. */
export function mainKind(world: World): Kind {
  const namespaced = world.objects.flatMap(({ kind }) => (kind?.scope === "Namespaced" ? [kind] : []));
  const pods = namespaced.find(({ plural }) => plural === "pods");
  const kind = pods ?? mostFrequent(namespaced) ?? tourKinds[0];
  if (kind === undefined) throw new Error("the tour has no kinds");
  return kind;
}

/** The most frequent value, the first of equals; undefined for an empty list. */
export function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: T | undefined;
  for (const [value, count] of counts) {
    if (best === undefined || count > (counts.get(best) ?? 0)) best = value;
  }
  return best;
}

/** "namespace/name", as people write it. */
export function label({ namespace, name }: { namespace?: string | undefined; name: string }): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function typeOf(apiVersion: string, kind: string): string {
  return `${apiVersion} ${kind}`;
}

function apiVersionOf({ group, version }: Kind): string {
  return group === "" ? version : `${group}/${version}`;
}

function readLabels(metadata: object): Readonly<Record<string, string>> {
  if (!("labels" in metadata) || typeof metadata.labels !== "object" || metadata.labels === null) return {};
  return Object.fromEntries(
    Object.entries(metadata.labels).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}
