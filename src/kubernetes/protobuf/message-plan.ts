/**
 * A message's plan for reading and writing: fields by number, and its JSON members in order.
 *
 * The members of an inline field belong to the outer message's JSON, so they have slots of the outer message:
 *
 *   Volume        name | hostPath emptyDir …        slots 0 | 1 2 …
 *   fields        1 name → slot 0     2 volumeSource (inline) → its slots begin at 1
 *
 * A projected plan has the same fields but keeps only those on given paths; the reader skips the others.
 */
import { invariant } from "../../errors.ts";
import type { FieldFacts, MessageFacts } from "../types/type-facts.ts";
import { kubernetesTypes } from "../types/type-table.ts";

/** How a value is encoded. */
export const operations = {
  string: 0,
  bool: 1,
  int32: 2,
  int64: 3,
  double: 4,
  bytes: 5,
  time: 6,
  /** omitempty or omitzero can leave out the zeros above; the types below are structs in Go. */
  microtime: 7,
  duration: 8,
  quantity: 9,
  intorstring: 10,
  /** JSON in its own message: FieldsV1, RawExtension, JSON. */
  json: 11,
  message: 12,
  /** A list that may be null: a message with `items`. */
  items: 13,
  schemaOrBool: 14,
  schemaOrArray: 15,
  schemaOrStrings: 16,
  inline: 17,
} as const;
export type Operation = (typeof operations)[keyof typeof operations];

/** The JSON value of a field that is absent from the bytes. */
export type Absent = "omit" | "null" | "empty" | { readonly value: string | number | boolean };

export interface FieldPlan {
  readonly number: number;
  /** Protobuf's wire type: 0 varint, 1 eight bytes, 2 length and bytes. */
  readonly wire: 0 | 1 | 2;
  readonly operation: Operation;
  readonly repeated: FieldFacts["repeated"];
  readonly name: string;
  /** Place of its value, or of the first member of an inline message. */
  readonly slot: number;
  /** A decoded zero is left out of JSON: omitempty, and not a pointer. */
  readonly omitsZero: boolean;
  /** Go always writes it, even if zero. */
  readonly always: boolean;
  /** Written only if it is not zero: current types no longer have it, and it is not a pointer. */
  readonly unlessZero: boolean;
  /** Skipped: the projection does not need it. */
  readonly isSkipped: boolean;
  /** The plan of its message, created on first use. */
  plan(): MessagePlan;
}

export interface FieldPlace {
  readonly name: string;
  readonly absent: Absent;
  readonly field: FieldPlan;
}

export interface MessagePlan {
  readonly name: string;
  readonly isKind: boolean;
  /** By field number; sparse. */
  readonly byNumber: readonly (FieldPlan | undefined)[];
  /** From the highest number down, because the writer goes backwards. */
  readonly descending: readonly FieldPlan[];
  readonly slots: readonly FieldPlace[];
  /** Place by JSON name. */
  readonly byName: ReadonlyMap<string, number>;
}

/** The members to keep, as a tree of JSON names; "all" keeps everything below. */
export type Projection = "all" | { readonly [name: string]: Projection };

const plans = new Map<string, MessagePlan>();

/** The plan of a message of the table, created once. */
export function planOf(name: string): MessagePlan {
  const known = plans.get(name);
  if (known !== undefined) return known;
  const facts = kubernetesTypes().message(name);
  invariant(facts !== undefined, `the table of Kubernetes' types has ${name}`);
  const plan = makePlan(facts, "all");
  plans.set(name, plan);
  return plan;
}

/** A plan with only the members in `projection`; the caller caches it. */
export function projectedPlan(name: string, projection: Projection): MessagePlan {
  const facts = kubernetesTypes().message(name);
  invariant(facts !== undefined, `the table of Kubernetes' types has ${name}`);
  return projection === "all" ? planOf(name) : makePlan(facts, projection);
}

function makePlan(facts: MessageFacts, projection: Projection): MessagePlan {
  const slots: FieldPlace[] = [];
  const fields: FieldPlan[] = [];
  for (const fact of facts.fields) {
    if (fact.number === 0) continue;
    const field = makeField(fact, slots.length, projection);
    fields.push(field);
    if (field.isSkipped) continue;
    if (field.operation !== operations.inline) {
      slots.push({ name: fact.name, absent: projection === "all" ? absentOf(fact) : "omit", field });
      continue;
    }
    // A pointer that is absent has no members; no message of Kubernetes has one, so the two are not distinguished.
    for (const slot of field.plan().slots) slots.push(slot);
  }
  const byNumber: (FieldPlan | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return {
    name: facts.name,
    isKind: facts.isKind,
    byNumber,
    descending: [...fields].sort((a, b) => b.number - a.number),
    slots,
    byName: new Map(slots.map(({ name }, slot) => [name, slot])),
  };
}

function makeField(fact: FieldFacts, slot: number, projection: Projection): FieldPlan {
  const operation = operationOf(fact);
  const isInline = operation === operations.inline;
  const inner = projection === "all" ? "all" : isInline ? projection : projection[fact.name];
  const { type } = fact;
  let made: MessagePlan | undefined;
  return {
    number: fact.number,
    wire: wireOf(operation, fact),
    operation,
    repeated: fact.repeated,
    name: fact.name,
    slot,
    omitsZero:
      fact.omitEmpty && !fact.pointer && fact.repeated === "one" && operation <= operations.microtime,
    always: isAlwaysWritten(fact, operation),
    unlessZero: fact.until !== undefined && !fact.pointer && fact.repeated === "one",
    isSkipped: inner === undefined,
    plan: () => {
      if (made === undefined) {
        invariant("message" in type, `${fact.name} is a message`);
        made =
          inner === undefined || inner === "all" ? planOf(type.message) : projectedPlan(type.message, inner);
      }
      return made;
    },
  };
}

function operationOf({ type, name }: FieldFacts): Operation {
  if ("scalar" in type) {
    const { scalar } = type;
    switch (scalar) {
      case "fields":
      case "raw":
      case "any":
        return operations.json;
      case "uint32":
      case "uint64":
        // No stored type of Kubernetes has one; they would be read and written below 2^53.
        return operations.int64;
      default:
        return operations[scalar];
    }
  }
  switch (kubernetesTypes().message(type.message)?.form) {
    case "items":
      return operations.items;
    case "json":
      return operations.json;
    case "schema-or-bool":
      return operations.schemaOrBool;
    case "schema-or-array":
      return operations.schemaOrArray;
    case "schema-or-strings":
      return operations.schemaOrStrings;
    default:
      return name === "" ? operations.inline : operations.message;
  }
}

function wireOf(operation: Operation, { repeated }: FieldFacts): FieldPlan["wire"] {
  if (repeated === "map") return 2;
  if (operation === operations.double) return 1;
  const isVarint =
    operation === operations.bool || operation === operations.int32 || operation === operations.int64;
  return isVarint ? 0 : 2;
}

/** Go's generated code always writes a field that is not a pointer, list, map or bytes, whatever its value. */
function isAlwaysWritten({ repeated, pointer, until }: FieldFacts, operation: Operation): boolean {
  if (until !== undefined || pointer || repeated !== "one") return false;
  return operation !== operations.bytes && operation !== operations.items;
}

function absentOf(fact: FieldFacts): Absent {
  if (fact.until !== undefined) return "omit";
  if (fact.pointer || fact.repeated !== "one") return fact.omitEmpty ? "omit" : "null";
  if (fact.omitZero) return "omit";
  if ("message" in fact.type) {
    switch (kubernetesTypes().message(fact.type.message)?.form) {
      case undefined:
        return "empty";
      case "schema-or-bool":
        return { value: false };
      default:
        return fact.omitEmpty ? "omit" : "null";
    }
  }
  switch (fact.type.scalar) {
    // Structs in Go, which omitempty never leaves out.
    case "time":
    case "microtime":
    case "raw":
    case "fields":
      return "null";
    case "quantity":
      return { value: "0" };
    case "intorstring":
      return { value: 0 };
    case "duration":
      return { value: "0s" };
    default:
      break;
  }
  if (fact.omitEmpty) return "omit";
  switch (fact.type.scalar) {
    case "string":
      return { value: "" };
    case "bool":
      return { value: false };
    case "bytes":
    case "any":
      return "null";
    default:
      return { value: 0 };
  }
}
