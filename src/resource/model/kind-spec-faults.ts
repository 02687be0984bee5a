/** What is wrong with a `KindSpec`: every field of it is checked, and every fault is named. */

import { quote } from "../../base/text/quote.ts";
import type { FieldError } from "../../errors/codes.ts";
import { keyPathFault } from "./keys.ts";
import type { KindSpec } from "./kind.ts";
import { limits } from "./limits.ts";
import { nameFault, qualifiedNameFault } from "./names.ts";
import type { Resource } from "./resource.ts";

/** Always selectable; a kind does not define them. */
const builtInFields: readonly string[] = ["metadata.name", "metadata.namespace"];

const kindName = /^[A-Z][A-Za-z0-9]{0,62}$/;
const dns1035Label = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const fieldPath = /^[A-Za-z][-A-Za-z0-9_]*(?:\.[A-Za-z][-A-Za-z0-9_]*)*$/;

export function specFaults<T extends Resource>(spec: KindSpec<T>): readonly FieldError[] {
  if (typeof spec !== "object" || spec === null) return [{ field: "spec", message: "expected an object" }];
  const errors: FieldError[] = [];
  const check = (field: string, value: unknown, fine: boolean, wanted: string): void => {
    if (!fine) errors.push({ field, message: `${quote(value)}: ${wanted}` });
  };
  const isOptionalFunction = (value: unknown): boolean => value === undefined || typeof value === "function";

  const groupFault =
    spec.group === undefined || spec.group === "" ? undefined : nameFault("subdomain", spec.group);
  check("group", spec.group, groupFault === undefined, groupFault ?? "");
  const label = 'expected lower-case letters, digits and "-", starting with a letter';
  check("version", spec.version, typeof spec.version === "string" && dns1035Label.test(spec.version), label);
  check("plural", spec.plural, typeof spec.plural === "string" && dns1035Label.test(spec.plural), label);
  check(
    "kind",
    spec.kind,
    typeof spec.kind === "string" && kindName.test(spec.kind),
    "expected letters and digits, starting with a capital",
  );
  check(
    "singular",
    spec.singular,
    spec.singular === undefined || (typeof spec.singular === "string" && dns1035Label.test(spec.singular)),
    label,
  );
  for (const field of ["shortNames", "categories"] as const) {
    const names: unknown = spec[field];
    check(
      field,
      names,
      names === undefined ||
        (Array.isArray(names) && names.every((name) => typeof name === "string" && dns1035Label.test(name))),
      `expected a list of names: ${label}`,
    );
  }
  check(
    "scale",
    spec.scale,
    spec.scale === undefined || areScalePaths(spec.scale),
    'expected paths such as "spec.replicas"',
  );
  check(
    "scope",
    spec.scope,
    spec.scope === "Namespaced" || spec.scope === "Cluster",
    'expected "Namespaced" or "Cluster"',
  );
  if (spec.reads !== undefined) {
    const fine = Array.isArray(spec.reads) && spec.reads.every((path) => fieldPath.test(path));
    check("reads", spec.reads, fine, 'expected dotted paths such as "spec.nodeName"');
  }
  if (spec.keyPath !== undefined) {
    const fault = keyPathFault(spec.keyPath);
    check("keyPath", spec.keyPath, fault === undefined, fault ?? "");
  }
  check(
    "nameRule",
    spec.nameRule,
    spec.nameRule === undefined || ["subdomain", "label", "segment"].includes(spec.nameRule),
    'expected "subdomain", "label" or "segment"',
  );
  check(
    "headerVersion",
    spec.headerVersion,
    spec.headerVersion === undefined || (Number.isSafeInteger(spec.headerVersion) && spec.headerVersion >= 1),
    "expected a whole number of at least 1",
  );
  const ttlFine = (ttl: number): boolean =>
    Number.isSafeInteger(ttl) && ttl >= limits.ttlSecondsMin && ttl <= limits.ttlSecondsMax;
  check(
    "ttlSeconds",
    spec.ttlSeconds,
    spec.ttlSeconds === undefined || ttlFine(spec.ttlSeconds),
    `expected whole seconds from ${limits.ttlSecondsMin} to ${limits.ttlSecondsMax}`,
  );
  check(
    "status",
    spec.status,
    spec.status === undefined || typeof spec.status === "boolean",
    "expected a boolean",
  );
  for (const name of ["measure", "upgrade", "validate"] as const) {
    check(name, spec[name], isOptionalFunction(spec[name]), "expected a function");
  }

  const fieldNames = Object.keys(spec.fields ?? {});
  check(
    "fields",
    fieldNames.length,
    fieldNames.length <= limits.kindFieldsMax,
    `expected at most ${limits.kindFieldsMax}`,
  );
  for (const [name, read] of Object.entries(spec.fields ?? {})) {
    check(`fields[${quote(name)}]`, read, typeof read === "function", "expected a function");
    check(
      "fields",
      name,
      fieldPath.test(name) && !builtInFields.includes(name),
      "expected a path such as spec.nodeName that is not built in",
    );
  }
  for (const index of spec.indexes ?? []) {
    const [, source, name = ""] = /^(label|field):(.*)$/s.exec(String(index)) ?? [];
    const fine =
      (source === "label" && qualifiedNameFault(name) === undefined) ||
      (source === "field" && (fieldNames.includes(name) || builtInFields.includes(name)));
    check("indexes", index, fine, 'expected "label:" with a label key, or "field:" with one of fields');
  }
  return errors;
}

function areScalePaths(scale: unknown): boolean {
  if (typeof scale !== "object" || scale === null) return false;
  const { specReplicas, statusReplicas, selector } = scale as Readonly<Record<string, unknown>>;
  const isPath = (path: unknown): boolean => typeof path === "string" && fieldPath.test(path);
  return isPath(specReplicas) && isPath(statusReplicas) && (selector === undefined || isPath(selector));
}
