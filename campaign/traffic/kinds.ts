/**
 * What the campaign stores: three kinds, names that are prefixes of each other, and objects whose every version carries
 * a value that names its write.
 */
import { type Draft, defineKind, type Kind, type Resource } from "keelson";
import type { Random } from "../../src/base/random.ts";

export interface ValueSpec {
  /** Unique in the run. */
  readonly value: string;
  /** Selectable; changes sometimes, so that objects enter and leave selections. */
  readonly node: string;
  /** Counted by size quotas. */
  readonly size: number;
  readonly filler: string;
}
export interface Valued extends Resource {
  spec: ValueSpec;
}

/** Ordinary objects: updated, watched, cached. */
export const Widget: Kind<Valued> = defineKind<Valued>({
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  scope: "Namespaced",
  fields: { "spec.node": (widget) => widget.spec.node },
  indexes: ["label:app", "field:spec.node"],
});

/** Objects that quotas count. */
export const Claim: Kind<Valued> = defineKind<Valued>({
  version: "v1",
  kind: "Claim",
  plural: "claims",
  scope: "Namespaced",
  fields: { "spec.node": (claim) => claim.spec.node },
  measure: (claim) => ({ size: claim.spec.size }),
});

/** Objects that are damaged behind the store's back. */
export const Relic: Kind<Valued> = defineKind<Valued>({
  version: "v1",
  kind: "Relic",
  plural: "relics",
  scope: "Namespaced",
});

export const prefix = "/registry";
/** Some names are prefixes of others: a range without its slash would include the neighbour's objects. */
export const namespaces: readonly string[] = ["a", "a-b", "ab", "a0"];
export const apps: readonly string[] = ["x", "x.y", "x-y"];
export const nodes: readonly string[] = ["n1", "n10", "n2"];

/** Hot objects in all namespaces, and cold ones that few calls touch. */
export const hotNames: readonly string[] = ["h", "h.0", "h-0"];
export const coldPerNamespace = 250;
export const coldName = (n: number): string => `c-${n}`;

export interface At {
  readonly namespace: string;
  readonly name: string;
}

/** `plural` is "widgets", "claims" or "relics". */
export function keyOf(plural: string, { namespace, name }: At): string {
  return `${prefix}/${plural}/${namespace}/${name}`;
}

export function prefixOf(plural: string, namespace?: string): string {
  return namespace === undefined ? `${prefix}/${plural}/` : `${prefix}/${plural}/${namespace}/`;
}

const fillerText = "versioned resources on etcd, watched without a gap ".repeat(20_000);

/** Most objects are small, some are large, few are near etcd's limit. */
function fillerBytes(random: Random): number {
  const turn = random.below(10_000);
  if (turn < 9_700) return 100 + random.below(700);
  if (turn < 9_995) return 10_000 + random.below(40_000);
  return 500_000 + random.below(500_000);
}

export function draftOf(at: At, value: string, random: Random): Draft<Valued> {
  return {
    metadata: { ...at, labels: { app: apps[random.below(apps.length)] ?? "x" } },
    spec: specOf(value, random),
  };
}

export function specOf(value: string, random: Random): ValueSpec {
  return {
    value,
    node: nodes[random.below(nodes.length)] ?? "n1",
    size: 1 + random.below(4),
    filler: fillerText.slice(0, fillerBytes(random)),
  };
}
