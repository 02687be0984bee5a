/**
 * Selected objects of one kind, from a running etcd or a snapshot file. Unreadable values are reported separately from
 * absent ones.
 */
import type { AnyResource, Kind } from "keelson";
import type { StoredKey } from "keelson/backup";
import type { Session } from "../cli/session.ts";
import { quoteBytes } from "../text/quote.ts";
import { tellUnread, withVersion } from "./decode-values.ts";
import { type KeySource, registryPrefix } from "./key-source.ts";
import type { KindCatalogue, KnownKind } from "./kind-catalogue.ts";
import { resourceOf, selectableKind } from "./known-kinds.ts";
import type { ValueReader } from "./value-reader.ts";

export interface Selected {
  /** "" for all. */
  readonly namespace: string;
  /** Empty: all. */
  readonly names: readonly string[];
  readonly labels: string;
  readonly fields: string;
}

export interface FoundObject {
  /** The stored object, with the key's version. */
  readonly object: AnyResource;
  readonly stored: StoredKey;
}

export interface ReadKind {
  readonly kind: KnownKind;
  readonly found: readonly FoundObject[];
  /** Keys of the kind that were read, selected or not. */
  readonly keys: number;
  /** Among those, unreadable values and values that are not objects; each was reported. */
  readonly unreadable: number;
}

/** @throws INVALID_ARGUMENT for a bad selector */
export async function readKind(
  session: Session,
  facts: {
    readonly source: KeySource;
    readonly reader: ValueReader;
    readonly catalogue: KindCatalogue;
    readonly kind: KnownKind;
    readonly select: Selected;
  },
): Promise<ReadKind> {
  const { source, reader, catalogue, kind, select } = facts;
  const matches = await matcherOf(kind, select);
  const inNamespace = kind.scope === "Namespaced" && select.namespace !== "" ? `${select.namespace}/` : "";
  const found: FoundObject[] = [];
  let keys = 0;
  let unreadable = 0;
  for await (const stored of source.scan(`${registryPrefix(session)}${kind.keyPath}/${inNamespace}`)) {
    const key = Buffer.from(stored.key).toString();
    const place = kind.origin === "flag" ? placeFor(key, session, kind) : catalogue.placeOf(key);
    if (place === undefined || (kind.origin !== "flag" && resourceOf(place.kind) !== resourceOf(kind)))
      continue;
    if (select.names.length > 0 && !select.names.includes(place.name)) continue;
    keys++;
    const read = await reader.read(key, stored.value);
    if (read === undefined || "foreign" in read) {
      if (read !== undefined)
        session.io.stderr.write(`${quoteBytes(stored.key)} is no object: ${read.foreign}\n`);
      unreadable++;
      continue;
    }
    tellUnread(session, stored.key, read.unread);
    const object = withVersion(read.object, BigInt(stored.modRevision));
    if (matches(object)) found.push({ object, stored });
  }
  found.sort((a, b) => Buffer.compare(a.stored.key, b.stored.key));
  return { kind, found, keys, unreadable };
}

async function matcherOf(
  kind: KnownKind,
  { labels, fields }: Selected,
): Promise<(object: AnyResource) => boolean> {
  const { objectMatcher } = await import("keelson");
  const asked = fieldsIn(fields);
  const { definition } = kind;
  const declared = definition !== undefined && asked.every((field) => definition.fields.includes(field));
  // The kind's own fields have zero values; any other field is read at its path.
  return objectMatcher((declared ? definition : await selectableKind(kind, asked)) as Kind<AnyResource>, {
    labelSelector: labels || undefined,
    fieldSelector: fields || undefined,
  });
}

function placeFor(
  key: string,
  session: Session,
  kind: KnownKind,
): { readonly name: string; readonly kind: KnownKind } | undefined {
  const parts = key.slice(`${registryPrefix(session)}${kind.keyPath}/`.length).split("/");
  const name = parts.at(-1) ?? "";
  return parts.length === (kind.scope === "Cluster" ? 1 : 2) && name !== "" ? { name, kind } : undefined;
}

/** The fields of a selector, except the two that every kind has. */
function fieldsIn(selector: string): readonly string[] {
  const named = selector.split(",").map((term) => term.replace(/\s*(!=|==|=).*$/s, "").trim());
  return [...new Set(named)].filter(
    (field) => field !== "" && field !== "metadata.name" && field !== "metadata.namespace",
  );
}
