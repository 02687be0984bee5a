/**
 * Admission changes a client's object before it is stored: it sets defaults, applies the kind's rules for create and
 * update (Kubernetes' registry strategies), and allocates addresses. The order is Kubernetes'.
 */
import type { Resource } from "keelson";
import { invalid } from "../api/refusal.ts";
import { resourceNameOf, type Served } from "../api/served.ts";
import { schemaFaults } from "../custom/schema-validation.ts";
import { fillSchemaDefaults } from "../custom/structural-schema.ts";
import { otherRules } from "../defaults/others.ts";
import { pod } from "../defaults/pods.ts";
import { at, fillDefaults, type Json, type Rules } from "../defaults/rules.ts";
import { workloadRules } from "../defaults/workloads.ts";
import { strategies } from "./strategies.ts";
import type { AdmissionContext, Strategy } from "./strategy.ts";
import { validate } from "./validation.ts";

const rules: Readonly<Record<string, Rules>> = { ...workloadRules, ...otherRules, pods: pod };

/** Prepares `object` for creation. The caller passes its own copy. */
export async function admitCreate(context: AdmissionContext, served: Served, object: Json): Promise<void> {
  const name = storedName(served);
  fillIn(served, object, name);
  if (served.custom !== undefined && served.stored?.status === true) delete object["status"];
  await strategyOf(name).create?.(object, context);
  validate(name, served, object, undefined);
}

/** Prepares `object` to replace `current`. The caller passes its own copy. */
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
  validate(name, served, object, current as unknown as Json);
}

function fillIn({ custom, group, kind }: Served, object: Json, name: string): void {
  if (custom === undefined) {
    dropNulls(object);
    return fillDefaults(object, rules[name] ?? {});
  }
  if (custom.schema === undefined) return;
  fillSchemaDefaults(object, custom.schema);
  const faults = schemaFaults(object, custom.schema);
  if (faults.length > 0) throw invalid({ group, kind }, String(at(object, "metadata.name")), faults);
}

const strategyOf = (name: string): Strategy => strategies[name] ?? {};

/** Rules are found by the name under which the kind is stored, in whichever version the client sends. */
export const storedName = ({ stored, ...served }: Served): string => resourceNameOf(stored ?? served);

/** Go's types have no null: a null field counts as absent. */
export function dropNulls(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(dropNulls);
  if (typeof value !== "object" || value === null) return;
  const fields = value as Json;
  for (const [name, field] of Object.entries(fields)) {
    if (field === null) delete fields[name];
    else dropNulls(field);
  }
}
