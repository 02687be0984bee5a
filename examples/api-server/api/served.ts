/** One resource as it is served: a kind in one version, with what clients call it and may do with it. */
import type { Kind } from "keelson";
import type { CustomFacts } from "../custom/custom-facts.ts";
import type { Shape } from "./older-versions.ts";

export interface Subresource {
  readonly name: string;
  /** Of what it takes and gives; group and version where they are not the parent's. */
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
  /** How this version differs from the stored one; undefined: it does not. */
  readonly shape: Shape | undefined;
  /** What the definition of a custom kind says of this version; undefined: it is built in. */
  readonly custom: CustomFacts | undefined;
}

export const apiVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? version : `${group}/${version}`;

/** "pods", "deployments.apps". */
export const resourceNameOf = ({ group, plural }: { group: string; plural: string }): string =>
  group === "" ? plural : `${plural}.${group}`;
