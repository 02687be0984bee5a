/** Computes field sets: the fields of a value, and the changes between two of its states. */

import { sameContent } from "../../resource/model/plain-data.ts";
import type { MergeSchema } from "../../resource/objects/merge-schema.ts";
import { type Fields, isFields } from "../patch/patch-error.ts";
import { FieldSet } from "./field-set.ts";
import { type Form, formOf, itemsOf, type Member, membersOf } from "./typed-value.ts";

/** The fields an applied configuration owns: leaves, entries of maps, items of lists. */
export function fieldsOf(value: unknown, schema: MergeSchema | undefined): FieldSet {
  const set = new FieldSet();
  collect(set, value, schema);
  set.isMember = false;
  return set;
}

function collect(set: FieldSet, value: unknown, schema: MergeSchema | undefined): void {
  switch (formOf(value, schema)) {
    case "whole":
      set.isMember = true;
      return;
    case "record":
    case "list":
      for (const member of partsOf(value, schema)) {
        const child = new FieldSet();
        collect(child, member.value, member.schema);
        // A declared record with fields is owned only through its fields; everything else is also owned itself.
        if (!member.isDeclared || isBare(member.value)) child.isMember = true;
        set.adopt(member.element, child);
      }
  }
}

const isBare = (value: unknown): boolean =>
  value === null || (isFields(value) && Object.keys(value).length === 0);

function partsOf(value: unknown, schema: MergeSchema | undefined): readonly Member[] {
  if (formOf(value, schema) === "whole") return [];
  if (Array.isArray(value)) return itemsOf(value, schema);
  return isFields(value) ? membersOf(value, schema) : [];
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** The changes from `before` to `after`; an added or removed record or list is a member, with all its contents. */
export function compareValues(before: unknown, after: unknown, schema: MergeSchema | undefined): Comparison {
  const sets = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compare(before, after, schema, sets);
  for (const set of Object.values(sets)) set.isMember = false;
  return sets;
}

function compare(
  before: unknown,
  after: unknown,
  schema: MergeSchema | undefined,
  { added, modified, removed }: Comparison,
): void {
  const form = formOf(after ?? before, schema);
  if (before !== undefined && after !== undefined && formOf(before, schema) !== form) {
    modified.isMember = true;
    compareParts(before, undefined, schema, { added, modified, removed });
    compareParts(undefined, after, schema, { added, modified, removed });
    return;
  }
  if (!isWhole(form, before, after)) compareParts(before, after, schema, { added, modified, removed });
  else if (before !== undefined && after !== undefined) {
    modified.isMember = !sameContent(before, after);
    return;
  }
  if (before === undefined) added.isMember = true;
  else if (after === undefined) removed.isMember = true;
}

/** Two empty records or lists are compared as a whole, so that adding or removing an empty one is detected. */
function isWhole(form: Form, before: unknown, after: unknown): boolean {
  return form === "whole" || (isEmpty(before) && isEmpty(after));
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || Object.keys(value as Fields).length === 0;

function compareParts(
  before: unknown,
  after: unknown,
  schema: MergeSchema | undefined,
  sets: Comparison,
): void {
  const old = byElement(partsOf(before, schema));
  const now = byElement(partsOf(after, schema));
  for (const [element, member] of new Map([...old, ...now])) {
    const inner = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
    compare(old.get(element)?.value, now.get(element)?.value, member.schema, inner);
    sets.added.adopt(element, inner.added);
    sets.modified.adopt(element, inner.modified);
    sets.removed.adopt(element, inner.removed);
  }
}

/** The first of several items with one key: the others cannot be addressed. */
function byElement(members: readonly Member[]): Map<string, Member> {
  const found = new Map<string, Member>();
  for (const member of members) if (!found.has(member.element)) found.set(member.element, member);
  return found;
}
