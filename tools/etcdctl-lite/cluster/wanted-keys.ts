/**
 * Selects the keys of a backup for a command: by kind, namespace, name and prefix before any value is read, and by
 * labels after it is decoded. Other keys can neither fail nor count.
 */
import type { AnyResource } from "keelson";
import { isStoreError } from "keelson";
import { badArguments } from "../cli/failure.ts";
import { causeOf } from "../cli/failure-text.ts";
import type { Session } from "../cli/session.ts";
import { type KeySource, registryPrefix } from "../store/key-source.ts";
import type { KindCatalogue, KnownKind } from "../store/kind-catalogue.ts";
import { resourceOf, selectableKind } from "../store/known-kinds.ts";
import { keyHint, type ValueReader } from "../store/value-reader.ts";
import type { WantedKey } from "./direct-restore.ts";

export interface Choice {
  /** Empty: every kind. */
  readonly kinds: readonly KnownKind[];
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
  /** Keys that begin with it; "" for all of the registry. */
  readonly prefix: string;
  readonly labels: string;
}

export interface WantedKeys {
  readonly wanted: readonly (WantedKey & {
    /** Undefined: it was not decoded, or decoding failed. */
    readonly object: AnyResource | undefined;
  })[];
  /** Selected by key, but decoding failed: whether its labels match is unknown. */
  readonly failed: readonly { readonly key: string; readonly error: unknown }[];
  /** Advice for the failed ones. */
  readonly hint: string | undefined;
}

/** @param decode "labels": only to check labels; "all": every object is decoded */
export async function wantedKeys(
  session: Session,
  facts: {
    readonly source: KeySource;
    readonly reader: ValueReader;
    readonly catalogue: KindCatalogue;
    readonly choice: Choice;
    readonly decode: "labels" | "all";
  },
): Promise<WantedKeys> {
  const { source, reader, catalogue, choice, decode } = facts;
  const { kinds, namespaces, names, labels } = choice;
  const { objectMatcher } = await import("keelson");
  const resources = new Set(kinds.map(resourceOf));
  const wanted: WantedKeys["wanted"][number][] = [];
  const failed: { key: string; error: unknown }[] = [];
  let hint: string | undefined;
  for await (const stored of source.scan(choice.prefix || registryPrefix(session))) {
    const key = Buffer.from(stored.key).toString();
    const place = catalogue.placeOf(key);
    if (place === undefined) {
      // A key selected only by its prefix is included, whatever its value.
      const byPrefixAlone =
        choice.prefix !== "" && kinds.length + namespaces.length + names.length === 0 && labels === "";
      if (byPrefixAlone) wanted.push({ stored, place: undefined, object: undefined });
      continue;
    }
    if (resources.size > 0 && !resources.has(resourceOf(place.kind))) continue;
    if (namespaces.length > 0 && !namespaces.includes(namespaceOf(place))) continue;
    if (names.length > 0 && !names.includes(place.name)) continue;
    if (decode === "labels" && labels === "") {
      wanted.push({ stored, place, object: undefined });
      continue;
    }
    try {
      const read = await reader.peek(key, stored.value);
      if ("foreign" in read) throw badArguments(`it is no object: ${read.foreign}`);
      const matches =
        labels === "" ||
        objectMatcher(await selectableKind(place.kind, []), { labelSelector: labels })(read.object);
      if (matches) wanted.push({ stored, place, object: read.object });
    } catch (error) {
      if (isStoreError(error, "INVALID_ARGUMENT")) throw error;
      failed.push({ key, error });
      hint ??= keyHint(causeOf(error));
    }
  }
  wanted.sort((a, b) => Buffer.compare(a.stored.key, b.stored.key));
  return { wanted, failed, hint };
}

/** A namespace object is selected together with its contents. */
function namespaceOf({ kind, namespace, name }: NonNullable<WantedKey["place"]>): string {
  return resourceOf(kind) === "namespaces" ? name : (namespace ?? "");
}
