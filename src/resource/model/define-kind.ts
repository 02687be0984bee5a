/**
 * `defineKind`: a checked, frozen kind; `definitionOf`: what the store reads of it.
 *
 * A Kind that callers pass around is a KindDefinition inside. Only objects created here are accepted, so all code
 * behind `definitionOf` can trust its names, paths and functions. Results of the kind's own functions are checked at
 * each use, because they are the caller's code and run on other writers' objects.
 */

import { checkOptions } from "../../base/text/known-options.ts";
import { isError } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import type { FieldError, Subject } from "../../errors/codes.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { type Head, unfamiliarHeaderVersion } from "./head.ts";
import {
  type Kind,
  type KindDefinition,
  type KindRecord,
  type KindSpec,
  kindNames,
  type ScalePaths,
  scaleNames,
} from "./kind.ts";
import { specFaults } from "./kind-spec-faults.ts";
import { cleanMetadata } from "./metadata-fields.ts";
import { type NameRule, qualifiedNameFault } from "./names.ts";
import { formatQuantity, parseQuantity, quantityFault } from "./quantity.ts";
import type { AnyResource, ObjectMeta, Resource, Scope } from "./resource.ts";

/**
 * Defines a kind of object.
 * @throws INVALID_ARGUMENT "kind" with every fault of `spec`
 *
 *
 * @example
 * ```ts
 * import { defineKind, type Resource } from "keelson";
 *
 * interface Widget extends Resource {
 *   spec: { size: number; colour?: string };
 *   status?: { ready: boolean };
 * }
 *
 * const Widget = defineKind<Widget>({
 *   group: "example.com",
 *   version: "v1",
 *   kind: "Widget",
 *   plural: "widgets",
 *   scope: "Namespaced",
 *   status: true,
 *   fields: { "spec.colour": (widget) => widget.spec.colour },
 *   validate: (widget) => (widget.spec.size > 0 ? [] : [{ field: "spec.size", message: "expected above 0" }]),
 * });
 * ```
 */
export function defineKind<T extends Resource>(spec: KindSpec<T>): Kind<T> {
  if (typeof spec === "object" && spec !== null) {
    const action = `define kind ${quote(spec.kind)}`;
    checkOptions(spec, action, kindNames, "kind");
    checkOptions(spec.scale, action, scaleNames, "kind.scale");
  }
  checkSpec(spec);
  return new DefinedKind(spec);
}

/**
 * A kind known only by its key prefix: its fields and measures are defined elsewhere. Quotas accept the recorded
 * amounts from a process that knows it; such a process recomputes the head of an object that is written through it.
 * @throws INVALID_ARGUMENT "kind"
 */
export function unfamiliarKind(record: KindRecord): Kind<AnyResource> {
  checkSpec(record);
  return new DefinedKind<AnyResource>({ ...record, headerVersion: unfamiliarHeaderVersion });
}

function checkSpec<T extends Resource>(spec: KindSpec<T>): void {
  const errors = specFaults(spec);
  const [first] = errors;
  if (first === undefined) return;
  throw invalidArgument(
    "kind",
    `Cannot define kind ${quote(spec?.kind)}: ${first.field}: ${first.message}`,
    errors,
  );
}

/**
 * The definition behind a kind.
 * @throws INVALID_ARGUMENT "kind" for anything that is not from `defineKind`
 */
export function definitionOf<T extends Resource>(kind: Kind<T>): KindDefinition<T> {
  if (kind instanceof DefinedKind) return kind;
  throw invalidArgument("kind", "Cannot use kind: it is not made by defineKind()");
}

/** "pods", "deployments.apps": plural, and the group where there is one. */
export function resourceName(kind: Pick<Kind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}

class DefinedKind<T extends Resource> implements KindDefinition<T> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: Scope;
  readonly status: boolean;
  readonly fields: readonly string[];
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scale: ScalePaths | undefined;
  readonly apiVersion: string;
  readonly resource: string;
  readonly keyPath: string;
  readonly nameRule: NameRule;
  readonly indexes: readonly (`label:${string}` | `field:${string}`)[];
  readonly headerVersion: number;
  readonly ttlSeconds: number | undefined;
  readonly measures: boolean;
  readonly reads: readonly string[] | undefined;
  // A copy: later changes that the caller makes to its spec have no effect here.
  readonly #spec: KindSpec<T>;
  readonly #fields: readonly (readonly [string, (object: T) => string | undefined])[];

  constructor(spec: KindSpec<T>) {
    this.#spec = { ...spec };
    this.#fields = Object.entries(spec.fields ?? {});
    this.group = spec.group ?? "";
    this.version = spec.version;
    this.kind = spec.kind;
    this.plural = spec.plural;
    this.scope = spec.scope;
    this.status = spec.status ?? false;
    this.fields = Object.freeze(this.#fields.map(([name]) => name));
    this.singular = spec.singular ?? spec.kind.toLowerCase();
    this.shortNames = Object.freeze([...(spec.shortNames ?? [])]);
    this.categories = Object.freeze([...(spec.categories ?? [])]);
    this.scale = spec.scale === undefined ? undefined : Object.freeze({ ...spec.scale });
    this.apiVersion = this.group === "" ? this.version : `${this.group}/${this.version}`;
    this.resource = resourceName(this);
    this.keyPath = spec.keyPath ?? (this.group === "" ? this.plural : `${this.group}/${this.plural}`);
    this.nameRule = spec.nameRule ?? "subdomain";
    this.indexes = Object.freeze([...new Set(spec.indexes ?? [])]);
    this.headerVersion = spec.headerVersion ?? 1;
    this.ttlSeconds = spec.ttlSeconds;
    this.measures = spec.measure !== undefined;
    const readsNothing = this.#fields.length === 0 && spec.measure === undefined;
    const reads = spec.reads ?? (readsNothing ? [] : undefined);
    this.reads = reads === undefined ? undefined : Object.freeze([...reads]);
    Object.freeze(this);
  }

  headOf(object: T): Head {
    const errors: FieldError[] = [];
    const metadata = withoutVersion(object.metadata);
    const fields: Record<string, string> = {};
    for (const [name, read] of this.#fields) {
      const value = this.#run(read, object, () => `fields[${quote(name)}]`, errors);
      if (typeof value === "string") fields[name] = value;
      else if (value !== undefined && value !== null) {
        errors.push({
          field: name,
          message: `the kind's field gives ${quote(value)}, expected text or undefined`,
        });
      }
    }
    const amounts: Record<string, string> = {};
    const measured =
      this.#spec.measure === undefined
        ? undefined
        : this.#run(
            (it) => this.#spec.measure?.(it),
            object,
            () => "measure",
            errors,
          );
    for (const [name, quantity] of Object.entries(measured ?? {})) {
      const fault = measuredNameFault(name) ?? quantityFault(quantity);
      if (fault === undefined) amounts[name] = formatQuantity(parseQuantity(quantity));
      else errors.push({ field: `measure[${quote(name)}]`, message: `${quote(quantity)}: ${fault}` });
    }
    if (errors.length > 0) {
      const [first] = errors;
      throw new StoreError(
        "INVALID_OBJECT",
        `Cannot store ${this.kind} ${quote(object.metadata.name)}: ${first?.field}: ${first?.message}`,
        { ...this.#subject(object), errors },
      );
    }
    return {
      apiVersion: this.apiVersion,
      kind: this.kind,
      metadata,
      fields,
      amounts,
      headerVersion: this.headerVersion,
    };
  }

  upgrade(stored: Resource): T {
    if (stored.apiVersion === this.apiVersion && stored.kind === this.kind) return stored as T;
    const corrupt = (reason: string, cause?: unknown): StoreError<"CORRUPT_OBJECT"> =>
      new StoreError(
        "CORRUPT_OBJECT",
        `Cannot read ${this.kind} ${quote(stored.metadata.name)} stored as ${quote(stored.apiVersion)}: ${reason}`,
        { ...this.#subject(stored), reason },
        { cause },
      );
    const { upgrade } = this.#spec;
    if (upgrade === undefined) {
      throw corrupt(
        `the kind is ${quote(this.apiVersion)} ${quote(this.kind)} and has no upgrade from ${quote(stored.kind)}`,
      );
    }
    let upgraded: T;
    try {
      upgraded = upgrade(stored);
    } catch (error) {
      throw corrupt(`its upgrade failed: ${isError(error) ? error.message : quote(error)}`, error);
    }
    if (!isRecord(upgraded) || !isRecord(upgraded.metadata)) throw corrupt("its upgrade gave no object");
    const { metadata: made, faults } = cleanMetadata({ ...upgraded.metadata });
    const [fault] = faults;
    if (fault !== undefined) throw corrupt(`its upgrade gave ${fault.field}: ${fault.message}`);
    // The store owns the identity: an upgrade converts content and cannot move or rename an object.
    const { name, namespace, uid } = stored.metadata;
    const metadata = { ...made, name, uid, ...(namespace === undefined ? {} : { namespace }) };
    return { ...upgraded, apiVersion: this.apiVersion, kind: this.kind, metadata };
  }

  validate(object: T, old?: T): readonly FieldError[] {
    return this.#spec.validate?.(object, old) ?? [];
  }

  #run<R>(read: (object: T) => R, object: T, field: () => string, errors: FieldError[]): R | undefined {
    try {
      return read(object);
    } catch (error) {
      errors.push({
        field: field(),
        message: `the kind's function failed: ${quote(isError(error) ? error.message : error)}`,
      });
      return undefined;
    }
  }

  #subject(object: Resource): Subject {
    const { namespace, name } = object.metadata;
    return { group: this.group, kind: this.kind, plural: this.plural, namespace, name };
  }
}

/** The metadata of a head; the same object when it has no version, which saves the copy for heads from etcd. */
function withoutVersion(metadata: ObjectMeta): Omit<ObjectMeta, "resourceVersion"> {
  if (!("resourceVersion" in metadata)) return metadata;
  const { resourceVersion: _, ...kept } = metadata;
  return kept;
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The store counts "bytes" and "count/…"; any other name is a qualified name such as "requests.cpu". */
function measuredNameFault(name: string): string | undefined {
  if (name === "bytes" || name.startsWith("count/")) return "the store counts this itself";
  return qualifiedNameFault(name);
}
