/** The lines of builtin-rows.ts as objects. */
import { invariant } from "../../errors.ts";
import type { NameRule } from "../../resource/model/names.ts";
import type { Scope } from "../../resource/model/resource.ts";
import { builtinRows } from "./builtin-rows.ts";

/** A version in which an object of the kind may be stored. */
export interface StoredVersion {
  /** "apps/v1", "v1". */
  readonly apiVersion: string;
  /** The version alone, and its group. */
  readonly group: string;
  readonly version: string;
  /** Minor of the release that introduced it; for `held`: of the last release that stores it. */
  readonly minor: number;
}

export interface BuiltinKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: Scope;
  /** Newest first. */
  readonly versions: readonly StoredVersion[];
  readonly held: readonly StoredVersion[];
  /** Minor of the first release without the kind. */
  readonly removed: number | undefined;
  readonly keyPath: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly status: boolean;
  readonly scale: boolean;
  readonly nameRule: NameRule;
  readonly ttlSeconds: number | undefined;
}

export const builtinKinds: readonly BuiltinKind[] = Object.entries(builtinRows).flatMap(([group, rows]) =>
  rows.map((row) => parseRow(group, row)),
);

function parseRow(group: string, row: string): BuiltinKind {
  const [kind, plural, ...words] = row.split(/ +/);
  const scope: Scope = words[0] === "cluster" ? "Cluster" : "Namespaced";
  if (scope === "Cluster") words.shift();
  const versions = versionsOf(group, words.shift() ?? "");
  const options = new Map(words.map((word) => [word.replace(/=.*/, ""), word.replace(/^[^=]*=?/, "")]));
  const list = (name: string): readonly string[] => options.get(name)?.split(",") ?? [];
  const number = (name: string): number | undefined =>
    options.has(name) ? Number(options.get(name)) : undefined;
  const nameRule = options.get("names") ?? "subdomain";
  invariant(
    kind !== undefined && plural !== undefined && versions.length > 0,
    "a row has kind, plural and versions",
  );
  invariant(
    nameRule === "subdomain" || nameRule === "label" || nameRule === "segment",
    "a name rule is one of three",
  );
  return {
    group,
    kind,
    plural,
    scope,
    versions,
    held: versionsOf(group, options.get("held") ?? ""),
    removed: number("removed"),
    keyPath: options.get("path") ?? plural,
    shortNames: list("short"),
    categories: list("in"),
    status: options.has("status"),
    scale: options.has("scale"),
    nameRule,
    ttlSeconds: number("ttl"),
  };
}

function versionsOf(ownGroup: string, text: string): readonly StoredVersion[] {
  if (text === "") return [];
  return text.split(",").map((part) => {
    const [name = "", minor] = part.split("@");
    const slash = name.indexOf("/");
    const group = slash < 0 ? ownGroup : name.slice(0, slash);
    const version = name.slice(slash + 1);
    return {
      apiVersion: group === "" ? version : `${group}/${version}`,
      group,
      version,
      minor: Number(minor),
    };
  });
}
