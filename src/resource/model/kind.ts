/**
 * Kinds: what a store must know of a type of object. `Kind` is what discovery needs and callers pass around;
 * `KindSpec` is what `defineKind` takes.
 */

import type { NamesOf } from "../../base/text/known-options.ts";
import type { FieldError } from "../../errors/codes.ts";
import type { Head } from "./head.ts";
import type { NameRule } from "./names.ts";
import type { Quantity } from "./quantity.ts";
import type { Resource, Scope } from "./resource.ts";

/**
 * What discovery needs of a kind, and what callers pass around. `defineKind`, `kubernetesKinds` and
 * `customResourceKinds` create them; a look-alike object from elsewhere is INVALID_ARGUMENT.
 */
export interface Kind<out T extends Resource = Resource> {
  /** API group, "" for the core group. */
  readonly group: string;
  /** API version of the objects read and written, such as "v1". */
  readonly version: string;
  /** The kind's name in objects, such as "Pod". */
  readonly kind: string;
  /** Its name in paths and keys, such as "pods". */
  readonly plural: string;
  /** Whether its objects are in namespaces. */
  readonly scope: Scope;
  /** It has a status subresource. */
  readonly status: boolean;
  /** The declared fields that a field selector may name, besides metadata.name and metadata.namespace. */
  readonly fields: readonly string[];
  /** Key segments between prefix and namespace, e.g. "pods", "apps/deployments", "services/specs". */
  readonly keyPath: string;
  /** Which names its objects accept. */
  readonly nameRule: NameRule;
  /** "pod": the name of one object on a command line. */
  readonly singular: string;
  /** "po": other names for a command line. */
  readonly shortNames: readonly string[];
  /** Groups of kinds it belongs to, such as "all". */
  readonly categories: readonly string[];
  /** Where the scale subresource finds its numbers; undefined: the kind has no scale subresource. */
  readonly scale: ScalePaths | undefined;
  /** Never set: carries T for the compiler. */
  readonly type?: T;
}

/** The scale subresource: dotted paths into the object, e.g. "spec.replicas". */
export interface ScalePaths {
  /** Path of the wanted number. */
  readonly specReplicas: string;
  /** Path of the actual number. */
  readonly statusReplicas: string;
  /** A label selector, as an object or as text; undefined: none. */
  readonly selector?: string | undefined;
}

/** What `defineKind` takes. */
export interface KindSpec<T extends Resource> {
  /** "" is the core group. */
  group?: string | undefined;
  /** API version of the objects written, such as "v1" or "v1beta1": lower-case letters, digits and "-". */
  version: string;
  /** The kind's name in objects, such as "Pod": letters and digits, starting with a capital, at most 63. */
  kind: string;
  /** Its name in paths and keys, such as "pods": lower-case letters, digits and "-", at most 63. */
  plural: string;
  /** Whether its objects are in namespaces. */
  scope: Scope;
  /** The name of one object on a command line; default `kind` in lower case. */
  singular?: string | undefined;
  /** Other names for a command line, e.g. "po". */
  shortNames?: readonly string[] | undefined;
  /** Groups of kinds it belongs to, e.g. "all". */
  categories?: readonly string[] | undefined;
  /** Has a scale subresource, and where it finds its numbers. */
  scale?: ScalePaths | undefined;
  /** Selectable, e.g. "spec.nodeName"; metadata.name and metadata.namespace always are. */
  fields?: Record<string, (object: T) => string | undefined> | undefined;
  /** Indexed by the cache, at every version; a field must be in `fields`. */
  indexes?: readonly (`label:${string}` | `field:${string}`)[] | undefined;
  /** What quotas count besides objects and bytes, e.g. requests.cpu. */
  measure?: ((object: T) => Record<string, Quantity>) | undefined;
  /**
   * Dotted paths that `fields` and `measure` read besides metadata, also through lists: "spec.nodeName",
   * "spec.containers.resources". With them the head of a value in Kubernetes' protobuf is computed without decoding
   * all of it, so they must be complete: fields that they do not name are absent there. Default: unknown; empty for a
   * kind without fields and measure.
   */
  reads?: readonly string[] | undefined;
  /**
   * Raise it when the meaning of `fields` or `measure` changes: older stored headers are then not trusted. Default 1.
   */
  headerVersion?: number | undefined;
  /** Default plural or group/plural; Kubernetes' own where it differs: "minions", "services/specs". */
  keyPath?: string | undefined;
  /** Which names its objects accept: "subdomain" (default), "label", or "segment" (e.g. "system:node"). */
  nameRule?: NameRule | undefined;
  /** Has a status subresource: update() does not change status, and "status" changes nothing else. */
  status?: boolean | undefined;
  /** Default of every write of this kind, e.g. events. At least 1; etcd keeps it for at least 2. */
  ttlSeconds?: number | undefined;
  /** Called when the stored apiVersion differs; the next write stores this kind's. */
  upgrade?: ((stored: Resource) => T) | undefined;
  /**
   * The kind's own rules, run before each write; `old` is absent for a create. Any fault that it returns makes the
   * write INVALID_OBJECT. It must not wait or change the objects.
   */
  validate?: ((object: T, old?: T) => readonly FieldError[]) | undefined;
}

export const scaleNames: NamesOf<ScalePaths> = {
  specReplicas: "text",
  statusReplicas: "text",
  selector: "text",
};

export const kindNames: NamesOf<KindSpec<Resource>> = {
  group: true,
  version: true,
  kind: true,
  plural: true,
  singular: true,
  shortNames: true,
  categories: true,
  scope: true,
  scale: true,
  fields: "object",
  indexes: "array",
  measure: true,
  reads: true,
  headerVersion: true,
  keyPath: true,
  nameRule: true,
  status: true,
  ttlSeconds: true,
  upgrade: true,
  validate: true,
};

/** The recorded data of a kind: the place and names of its objects, without functions. Plain data. */
export interface KindRecord {
  /** "" is the core group. */
  readonly group: string;
  /** API version. */
  readonly version: string;
  /** The kind's name in objects. */
  readonly kind: string;
  /** Its name in paths and keys. */
  readonly plural: string;
  /** Whether its objects are in namespaces. */
  readonly scope: Scope;
  /** Key segments between prefix and namespace. */
  readonly keyPath: string;
  /** Which names its objects accept. */
  readonly nameRule: NameRule;
}

/** A kind with every default filled in, which storage, codec, cache and quota read. `definitionOf(kind)` returns it. */
export interface KindDefinition<T extends Resource = Resource> extends Kind<T> {
  /** "v1", "apps/v1". */
  readonly apiVersion: string;
  /** "pods", "deployments.apps": the name in errors, transforms, quotas and metrics. */
  readonly resource: string;
  /** As `KindSpec.indexes`, without duplicates. */
  readonly indexes: readonly (`label:${string}` | `field:${string}`)[];
  /** As `KindSpec.headerVersion`. */
  readonly headerVersion: number;
  /** As `KindSpec.ttlSeconds`. */
  readonly ttlSeconds: number | undefined;
  /** It has a `measure`. */
  readonly measures: boolean;
  /** Paths besides metadata that `headOf` reads; undefined: unknown. */
  readonly reads: readonly string[] | undefined;
  /**
   * Computes the head to store with `object`; runs fields and measure.
   * @throws INVALID_OBJECT when they throw or return invalid data
   */
  headOf(object: T): Head;
  /**
   * Converts an object stored under another apiVersion to this one. @throws CORRUPT_OBJECT without an upgrade for it
   */
  upgrade(stored: Resource): T;
  /** The kind's own faults; empty when valid. Throws errors of the kind's function. */
  validate(object: T, old?: T): readonly FieldError[];
}
