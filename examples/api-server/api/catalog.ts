/**
 * What the server serves, by group, version and plural: every kind of the store in the version it is stored in, older
 * versions of it for older clients, and resources that are only answered (reviews), never stored. Discovery, routes and
 * OpenAPI read it; a custom resource definition changes it while it is being read, so readers hold no part of it.
 */
import type { Kind } from "keelson";
import { answeredResources } from "./answered-resources.ts";
import { olderVersions } from "./older-versions.ts";
import { resourceNameOf, type Served, type Subresource } from "./served.ts";

const storedVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const changing = ["get", "patch", "update"];

/** Subresources besides status and scale, which every kind tells of itself. */
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
  return { ...names, namespaced, verbs: storedVerbs, subresources, stored: kind, shape: undefined };
}

export class Catalog {
  readonly #kinds: () => readonly Kind[];
  #seen: readonly Kind[] = [];
  #all: readonly Served[] = [];
  #byPath: ReadonlyMap<string, Served> = new Map();

  /** @param kinds those of the store at any moment */
  constructor(kinds: () => readonly Kind[]) {
    this.#kinds = kinds;
  }

  /** Everything, groups together, a group's preferred version first. */
  get all(): readonly Served[] {
    this.#refresh();
    return this.#all;
  }

  find(group: string, version: string, plural: string): Served | undefined {
    this.#refresh();
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  #refresh(): void {
    const kinds = this.#kinds();
    if (kinds.length === this.#seen.length && kinds.every((kind, i) => kind === this.#seen[i])) return;
    const stored = kinds.map(served);
    const older = olderVersions.flatMap((shape): readonly Served[] => {
      const newest = stored.find(({ group, kind }) => group === shape.storedGroup && kind === shape.kind);
      if (newest === undefined) return [];
      const { group, version } = shape;
      return [{ ...newest, group, version, shortNames: [], categories: [], shape }];
    });
    this.#seen = kinds;
    this.#all = [...stored, ...answeredResources, ...older];
    this.#byPath = new Map(this.#all.map((one) => [`${one.group}/${one.version}/${one.plural}`, one]));
  }
}
