/**
 * Every kind that an etcd or a snapshot may contain: those recorded by a keelson store, Kubernetes' built-in ones, and
 * custom ones from stored definitions. They are found by the names that people use.
 */
import { type AnyResource, isStoreError, type Kind, type KindRecord } from "keelson";
import type { PrinterColumn } from "keelson/kubernetes";
import { badArguments } from "../cli/failure.ts";
import { nearest } from "../cli/flags.ts";
import type { Session } from "../cli/session.ts";
import { type KeySource, registryPrefix } from "./key-source.ts";
import { recordOf, resourceOf } from "./known-kinds.ts";
import type { ValueReader } from "./value-reader.ts";

export interface KnownKind extends KindRecord {
  /** The source of the kind. */
  readonly origin: "store" | "kubernetes" | "custom" | "flag";
  /** Other names: singular and short names. */
  readonly names: readonly string[];
  readonly categories: readonly string[];
  /** With its fields and conversions; undefined for kinds known only by their key prefix. */
  readonly definition: Kind | undefined;
  /** An object of it in the kind's version, for columns; unchanged if the conversion is unknown. */
  readonly inOwnVersion: (object: AnyResource) => AnyResource;
  /** The columns of a custom kind's definition. */
  readonly columns: readonly PrinterColumn[];
}

export interface PlacedKey {
  readonly kind: KnownKind;
  readonly namespace: string | undefined;
  readonly name: string;
}

export class KindCatalogue {
  readonly kinds: readonly KnownKind[];
  readonly #prefix: string;
  /** By key path, longest first: "services/specs" before "services". */
  readonly #byPath: ReadonlyMap<string, KnownKind>;

  constructor(kinds: readonly KnownKind[], prefix: string) {
    this.kinds = kinds;
    this.#prefix = prefix;
    // The first of a path wins: kinds recorded by a store come before Kubernetes' kinds.
    this.#byPath = new Map([...kinds].reverse().map((kind) => [kind.keyPath, kind]));
  }

  /** The kind of the object at a key; undefined if the key has no object. */
  placeOf(key: string): PlacedKey | undefined {
    if (!key.startsWith(this.#prefix)) return undefined;
    const parts = key.slice(this.#prefix.length).split("/");
    for (const length of [1, 2, 3]) {
      const kind = this.#byPath.get(parts.slice(0, length).join("/"));
      const [first, second, ...rest] = parts.slice(length);
      if (kind === undefined || first === undefined || first === "" || rest.length > 0 || second === "")
        continue;
      if (kind.scope === "Cluster" && second === undefined)
        return { kind, namespace: undefined, name: first };
      if (kind.scope === "Namespaced" && second !== undefined)
        return { kind, namespace: first, name: second };
    }
    return undefined;
  }

  /**
   * The kinds that a name means: `pods`, `pod`, `po`, `deployments.apps`, `deploy.apps`, `deployments.v1.apps`, or a category
   * such as `all`.
   * @param given value of `--kind`, or ""
   * @throws CliFailure for an unknown name, or one of kinds in several groups
   */
  named(name: string, given: string): readonly KnownKind[] {
    if (given !== "") return [fromFlag(name, given)];
    const wanted = name.toLowerCase();
    const exact = this.kinds.filter((kind) => resourceOf(kind) === wanted);
    if (exact.length > 0) return exact.slice(0, 1);
    const category = this.kinds.filter(({ categories }) => categories.includes(wanted));
    if (category.length > 0) return category;
    const [word = "", ...groups] = wanted.split(".");
    const meant = this.kinds.filter((kind) => goesBy(kind, word) && isOfGroup(kind, groups.join(".")));
    const [first, ...others] = distinct(meant);
    if (first === undefined) throw this.#unknown(name);
    // As with kubectl, Kubernetes' own come before custom ones of the same name.
    if (others.length === 0 || first.origin === "kubernetes") return [first];
    throw badArguments(
      `resource ${JSON.stringify(name)} is one of ${[first, ...others].map(resourceOf).join(", ")}`,
    );
  }

  #unknown(name: string): Error {
    const near = nearest(
      name.toLowerCase(),
      this.kinds.flatMap((kind) => [resourceOf(kind), kind.plural]),
    );
    return badArguments(
      `resource ${JSON.stringify(name)} is not known, give --kind${near === undefined ? "" : `, or did you mean ${near}?`}; "resources list" shows what is stored`,
    );
  }
}

/**
 * Unreadable definitions are reported on stderr: their kinds are missing here.
 * @param alsoRecorded kinds recorded elsewhere: in the etcd that a backup is restored to
 */
export async function kindCatalogue(
  session: Session,
  source: KeySource,
  reader: ValueReader,
  alsoRecorded: readonly KindRecord[] = [],
): Promise<KindCatalogue> {
  const prefix = registryPrefix(session);
  const { convertKubernetes, kubernetesKinds } = await import("keelson/kubernetes");
  const recorded = new Map(
    [...alsoRecorded, ...(await recordedKinds(source, prefix))].map((one) => [resourceOf(one), one]),
  );
  const records = [...recorded.values()].map(fromRecord);
  const builtin = kubernetesKinds().map((kind): KnownKind => {
    const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
    return {
      ...fromKind(kind, "kubernetes", []),
      inOwnVersion: (object) => {
        try {
          return object.apiVersion === apiVersion ? object : convertKubernetes(object, apiVersion);
        } catch (error) {
          if (isStoreError(error, "INVALID_ARGUMENT")) return object;
          throw error;
        }
      },
    };
  });
  const custom = await customKinds(session, source, reader, prefix);
  // If both a store and Kubernetes have a kind, the store's record gives its place, and Kubernetes its names.
  const own = records.map((record) => {
    const same = [...builtin, ...custom].find((kind) => resourceOf(kind) === resourceOf(record));
    return same === undefined
      ? record
      : {
          ...same,
          keyPath: record.keyPath,
          scope: record.scope,
          version: record.version,
          origin: record.origin,
        };
  });
  return new KindCatalogue([...own, ...builtin, ...custom], prefix);
}

/** The kinds that a keelson store has recorded. */
async function recordedKinds(source: KeySource, prefix: string): Promise<readonly KindRecord[]> {
  const { unfamiliarKind } = await import("keelson");
  const latest = new Map<string, KindRecord>();
  for await (const { value } of source.scan(`/keelson${prefix}kinds/`)) {
    try {
      const record: KindRecord = JSON.parse(Buffer.from(value).toString());
      unfamiliarKind(record);
      latest.set(resourceOf(record), record);
    } catch {
      // An unreadable record names no kind; --kind can.
    }
  }
  return [...latest.values()];
}

async function customKinds(
  session: Session,
  source: KeySource,
  reader: ValueReader,
  prefix: string,
): Promise<readonly KnownKind[]> {
  const { customResourceOf } = await import("keelson/kubernetes");
  const found: KnownKind[] = [];
  for await (const { key, value } of source.scan(
    `${prefix}apiextensions.k8s.io/customresourcedefinitions/`,
  )) {
    try {
      const read = await reader.peek(Buffer.from(key).toString(), value);
      if ("foreign" in read) continue;
      const { kind, columns } = customResourceOf(read.object);
      found.push(fromKind(kind, "custom", columns));
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
      session.io.stderr.write(`${error.message}: its kind is not known here\n`);
    }
  }
  return found;
}

const asItIs = (object: AnyResource): AnyResource => object;

function fromKind(kind: Kind, origin: KnownKind["origin"], columns: readonly PrinterColumn[]): KnownKind {
  const { group, version, plural, scope, keyPath, nameRule, singular, shortNames, categories } = kind;
  return {
    group,
    version,
    kind: kind.kind,
    plural,
    scope,
    keyPath,
    nameRule,
    origin,
    names: [singular, ...shortNames],
    categories,
    definition: kind,
    inOwnVersion: asItIs,
    columns,
  };
}

function fromRecord(record: KindRecord): KnownKind {
  return {
    ...record,
    origin: "store",
    names: [record.kind.toLowerCase()],
    categories: [],
    definition: undefined,
    inOwnVersion: asItIs,
    columns: [],
  };
}

function fromFlag(name: string, given: string): KnownKind {
  return { ...fromRecord(recordOf(name, given.split(":"))), origin: "flag" };
}

function goesBy(kind: KnownKind, word: string): boolean {
  return kind.plural === word || kind.kind.toLowerCase() === word || kind.names.includes(word);
}

/** "apps", "v1.apps", or nothing: any group. */
function isOfGroup({ group, version }: KnownKind, wanted: string): boolean {
  return wanted === "" || wanted === group || wanted === `${version}.${group}`;
}

function distinct(kinds: readonly KnownKind[]): readonly KnownKind[] {
  return [...new Map([...kinds].reverse().map((kind) => [resourceOf(kind), kind])).values()].reverse();
}
