/** One served resource: a kind in one version, with its names and verbs. */
import type { Kind } from "keelson";
import type { CustomFacts } from "../custom/custom-facts.ts";
import type { Shape } from "./older-versions.ts";

export interface Subresource {
  readonly name: string;
  /** Of the objects it accepts and returns; group and version if they differ from the parent's. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

export interface Served {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** The kind it is stored as; undefined: it is answered, not stored. */
  readonly stored: Kind | undefined;
  /** How this version differs from the stored one; undefined: they are the same. */
  readonly shape: Shape | undefined;
  /** This version in the definition of a custom kind; undefined: the kind is built in. */
  readonly custom: CustomFacts | undefined;
}

export const apiVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? version : `${group}/${version}`;

/** "pods", "deployments.apps". */
export const resourceNameOf = ({ group, plural }: { group: string; plural: string }): string =>
  group === "" ? plural : `${plural}.${group}`;
