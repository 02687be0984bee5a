/**
 * What the server makes of an object a client sends, before it is stored: defaults, what a kind's own rules say at
 * creation and at update (Kubernetes' registry strategies), and addresses that are given out. The order is Kubernetes'.
 */
import type { Resource } from "keelson";
import { Refusal } from "../api/refusal.ts";
import { resourceNameOf, type Served } from "../api/served.ts";
import { fillSchemaDefaults, schemaFaults } from "../custom/structural-schema.ts";
import { otherRules } from "../defaults/others.ts";
import { pod } from "../defaults/pods.ts";
import { at, fillDefaults, type Json, type Rules } from "../defaults/rules.ts";
import { workloadRules } from "../defaults/workloads.ts";
import { strategies } from "./strategies.ts";
import type { AdmissionContext, Strategy } from "./strategy.ts";

const rules: Readonly<Record<string, Rules>> = { ...workloadRules, ...otherRules, pods: pod };

/** `object`, the caller's own, as it is to be created. */
export async function admitCreate(context: AdmissionContext, served: Served, object: Json): Promise<void> {
  const name = storedName(served);
  fillIn(served, object, name);
  if (served.custom !== undefined && served.stored?.status === true) delete object["status"];
  await strategyOf(name).create?.(object, context);
}

/** `object`, the caller's own, as it is to replace `current`. */
export async function admitUpdate(
  context: AdmissionContext,
  served: Served,
  object: Json,
  current: Resource,
  subresource: string | undefined,
): Promise<void> {
  const name = storedName(served);
  fillIn(served, object, name);
  if (subresource !== undefined) return;
  await strategyOf(name).update?.(object, current as unknown as Json, context);
}

function fillIn({ custom, kind }: Served, object: Json, name: string): void {
  if (custom === undefined) {
    dropNulls(object);
    return fillDefaults(object, rules[name] ?? {});
  }
  if (custom.schema === undefined) return;
  fillSchemaDefaults(object, custom.schema);
  const causes = schemaFaults(object, custom.schema).map((fault) => ({
    reason: "FieldValueInvalid",
    ...fault,
  }));
  if (causes.length === 0) return;
  const all = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = all.length === 1 ? all.join("") : `[${all.join(", ")}]`;
  throw new Refusal(422, "Invalid", `${kind} "${String(at(object, "metadata.name"))}" is invalid: ${text}`, {
    causes,
  });
}

const strategyOf = (name: string): Strategy => strategies[name] ?? {};

/** Rules go by the name a kind is stored under, whichever version a client speaks. */
export const storedName = ({ stored, ...served }: Served): string => resourceNameOf(stored ?? served);

/** Go's types know no null: a field that is null is one that is not there. */
export function dropNulls(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(dropNulls);
  if (typeof value !== "object" || value === null) return;
  const fields = value as Json;
  for (const [name, field] of Object.entries(fields)) {
    if (field === null) delete fields[name];
    else dropNulls(field);
  }
}
