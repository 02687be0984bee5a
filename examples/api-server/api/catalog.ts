/**
 * What the server serves, by group, version and plural: each kind of the store in its stored version, older versions
 * for older clients, and resources that are answered but never stored (reviews). Discovery, routes and OpenAPI read it;
 * a custom resource definition may change it at any time, so readers must not keep any part of it.
 */
import type { Kind } from "keelson";
import type { CustomFacts } from "../custom/custom-facts.ts";
import { answeredResources } from "./answered-resources.ts";
import { olderVersions } from "./older-versions.ts";
import { resourceNameOf, type Served, type Subresource } from "./served.ts";

/** Namespaces have no "deletecollection": one request must not delete a whole cluster. */
const storedVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const changing = ["get", "patch", "update"];

/** Subresources besides status and scale, which every kind declares itself. */
const ownSubresources: Readonly<Record<string, readonly Subresource[]>> = {
  pods: [
    { name: "binding", kind: "Binding", verbs: ["create"] },
    { name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
    { name: "ephemeralcontainers", kind: "Pod", verbs: changing },
    { name: "resize", kind: "Pod", verbs: changing },
  ],
  serviceaccounts: [
    {
      name: "token",
      kind: "TokenRequest",
      group: "authentication.k8s.io",
      version: "v1",
      verbs: ["create"],
    },
  ],
  namespaces: [{ name: "finalize", kind: "Namespace", verbs: ["update"] }],
  "certificatesigningrequests.certificates.k8s.io": [
    { name: "approval", kind: "CertificateSigningRequest", verbs: changing },
  ],
};

const scale: Omit<Subresource, "name"> = {
  kind: "Scale",
  group: "autoscaling",
  version: "v1",
  verbs: changing,
};

function served(kind: Kind): Served {
  const subresources = [
    ...(kind.status ? [{ name: "status", kind: kind.kind, verbs: changing }] : []),
    ...(kind.scale === undefined ? [] : [{ name: "scale", ...scale }]),
    ...(ownSubresources[resourceNameOf(kind)] ?? []),
  ];
  const { group, version, plural, singular, shortNames, categories } = kind;
  const namespaced = kind.scope === "Namespaced";
  const names = { group, version, plural, kind: kind.kind, singular, shortNames, categories };
  return {
    ...names,
    namespaced,
    verbs:
      kind.kind === "Namespace" ? storedVerbs.filter((verb) => verb !== "deletecollection") : storedVerbs,
    subresources,
    stored: kind,
    shape: undefined,
    custom: undefined,
  };
}

/** The versions of one kind: the stored one first, then those that only its older served versions add. */
function versionsOf(kind: Kind, custom: readonly CustomFacts[] | undefined): readonly Served[] {
  const stored = served(kind);
  if (custom !== undefined) {
    return custom
      .filter((version) => version.served)
      .map((facts) => {
        const { version } = facts;
        const { group } = kind;
        const shape =
          version === kind.version ? undefined : { storedGroup: group, kind: kind.kind, group, version };
        return { ...stored, version, shape, custom: facts };
      });
  }
  const older = olderVersions
    .filter((shape) => shape.storedGroup === kind.group && shape.kind === kind.kind)
    .map((shape): Served => {
      const { group, version } = shape;
      return { ...stored, group, version, shortNames: [], categories: [], shape };
    });
  return [stored, ...older];
}

export class Catalog {
  readonly #kinds: () => readonly Kind[];
  readonly #customOf: (kind: Kind) => readonly CustomFacts[] | undefined;
  #seen: readonly Kind[] = [];
  #all: readonly Served[] = [];
  #byKind = new Map<Kind, readonly Served[]>();
  #byPath: ReadonlyMap<string, Served> = new Map();

  /**
   * @param kinds returns the current kinds of the store
   * @param customOf the versions of a custom kind; undefined for a built-in one
   */
  constructor(kinds: () => readonly Kind[], customOf: (kind: Kind) => readonly CustomFacts[] | undefined) {
    this.#kinds = kinds;
    this.#customOf = customOf;
  }

  /** All served resources; the same array until something changes. */
  get all(): readonly Served[] {
    this.#refresh();
    return this.#all;
  }

  find(group: string, version: string, plural: string): Served | undefined {
    this.#refresh();
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  /** An unchanged kind keeps its entries, so caches keyed by them, such as encoded objects, stay valid. */
  #refresh(): void {
    const kinds = this.#kinds();
    if (kinds.length === this.#seen.length && kinds.every((kind, i) => kind === this.#seen[i])) return;
    this.#seen = kinds;
    this.#byKind = new Map(
      kinds.map((kind) => [kind, this.#byKind.get(kind) ?? versionsOf(kind, this.#customOf(kind))]),
    );
    this.#all = [...[...this.#byKind.values()].flat(), ...answeredResources];
    this.#byPath = new Map(this.#all.map((one) => [`${one.group}/${one.version}/${one.plural}`, one]));
  }
}
