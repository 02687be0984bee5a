/**
 * JSON patch (RFC 6902): a list of operations at JSON pointers (RFC 6901), all applied or none.
 *
 *   add, remove, replace, move, copy, test
 *
 * Not a library, because most of the code is what a server needs beyond the six operations: no pointer reaches a
 * prototype, `copy` is bounded, errors name the operation, and shared objects are not changed. As in Kubernetes, `test`
 * against null passes for an absent member, and operations and copies are bounded.
 */
import { quote } from "../../base/text/quote.ts";
import { copyPlainData, plainDataDepthMax, sameContent } from "../../resource/model/plain-data.ts";
import { assertPlainPatch, isFields, malformed, unfit } from "./patch-error.ts";

/** Kubernetes' limit: each operation may cost a walk of the object. */
const operationsMax = 10_000;
/** Kubernetes' limit of what all `copy` operations add: thirty of them, each doubling a list, would make 2^30 items. */
const copiedCharactersMax = 3_145_728;

type Container = Record<string, unknown> | unknown[];
type Step = string;
interface Operation {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: readonly Step[];
  readonly from: readonly Step[];
  readonly value: unknown;
  /** `operation 3 (add "/spec/size")`, for messages. */
  readonly label: string;
}

/**
 * `target` with a JSON patch applied, as a new object that shares nothing with it.
 * @param patch the decoded body of a request of type `application/json-patch+json`
 * @throws INVALID_ARGUMENT for a malformed patch: not a list, more than 10,000 operations, an unknown operation, an
 * invalid pointer
 * @throws INVALID_OBJECT for an operation that does not fit the object: a failed test, an absent path
 */
export function jsonPatch<T extends object>(target: T, patch: unknown): T {
  const operations = operationsOf(patch);
  const root: { document: unknown } = { document: copyPlainData(target) };
  let copied = 0;
  for (const operation of operations) {
    if (operation.op !== "copy") {
      apply(root, operation);
      continue;
    }
    const value = valueAt(root, operation.from, operation);
    copied += JSON.stringify(value).length;
    if (copied > copiedCharactersMax) {
      throw malformed(`${operation.label} makes copies of more than ${copiedCharactersMax} characters`);
    }
    add(root, operation, copyPlainData(value));
  }
  if (!isFields(root.document)) throw unfit("", "the result is no JSON object");
  // The patch may produce anything: the store validates that the result is a T.
  return root.document as T;
}

function operationsOf(patch: unknown): readonly Operation[] {
  if (!Array.isArray(patch)) throw malformed("it is not a list of operations");
  if (patch.length > operationsMax) {
    throw malformed(`it has ${patch.length} operations, expected at most ${operationsMax}`);
  }
  assertPlainPatch(patch);
  return patch.map(operationOf);
}

const verbs: readonly unknown[] = ["add", "remove", "replace", "move", "copy", "test"];

function operationOf(fields: unknown, index: number): Operation {
  if (!isFields(fields)) throw malformed(`operation ${index} is not an object`);
  const { op, path } = fields;
  if (!verbs.includes(op)) {
    throw malformed(`operation ${index} is ${quote(op)}, expected add, remove, replace, move, copy or test`);
  }
  const label = `operation ${index} (${String(op)} ${quote(path)})`;
  const needsValue = op === "add" || op === "replace" || op === "test";
  if (needsValue && !Object.hasOwn(fields, "value")) throw malformed(`${label} has no value`);
  const needsFrom = op === "move" || op === "copy";
  const operation: Operation = {
    op: op as Operation["op"],
    path: stepsOf(path, label),
    from: needsFrom ? stepsOf(fields["from"], label) : [],
    value: needsValue ? copyPlainData(fields["value"]) : undefined,
    label,
  };
  if (op === "move" && operation.path.length > operation.from.length && startsWith(operation)) {
    throw malformed(`${label} moves a value into itself`);
  }
  return operation;
}

function startsWith({ path, from }: Operation): boolean {
  return from.every((step, depth) => step === path[depth]);
}

/** The steps of a JSON pointer; "" has none. */
function stepsOf(pointer: unknown, label: string): readonly Step[] {
  if (typeof pointer !== "string" || (pointer !== "" && !pointer.startsWith("/"))) {
    throw malformed(`${label}: ${quote(pointer)} is no JSON pointer`);
  }
  const steps = pointer.split("/").slice(1).map(unescaped);
  // Deeper than an object may be: thousands of adds, each below the last, would exhaust the stack of a walk.
  if (steps.length > plainDataDepthMax) {
    throw malformed(`${label}: it is deeper than ${plainDataDepthMax} levels`);
  }
  if (steps.includes("__proto__")) throw malformed(`${label}: "__proto__" is a name that no field may have`);
  return steps;
}

const unescaped = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");

function apply(root: { document: unknown }, operation: Operation): void {
  const { op, path, from, value } = operation;
  switch (op) {
    case "add":
      return add(root, operation, value);
    case "remove":
      remove(root, path, operation);
      return;
    case "replace":
      valueAt(root, path, operation);
      return replace(root, operation);
    case "move":
      return add(root, operation, remove(root, from, operation));
    case "test": {
      const found = value === null ? presentAt(root, operation) : valueAt(root, path, operation);
      if (!sameContent(found, value)) throw unfit(pathOf(path), `${operation.label}: the test failed`);
    }
  }
}

function add(root: { document: unknown }, operation: Operation, value: unknown): void {
  const { path } = operation;
  const last = path.at(-1);
  if (last === undefined) {
    root.document = value;
    return;
  }
  const parent = parentOf(root, path, operation);
  if (!Array.isArray(parent)) parent[last] = value;
  else if (last === "-") parent.push(value);
  else parent.splice(indexOf(last, parent.length, operation), 0, value);
}

function replace(root: { document: unknown }, operation: Operation): void {
  const { path, value } = operation;
  const last = path.at(-1);
  if (last === undefined) {
    root.document = value;
    return;
  }
  const parent = parentOf(root, path, operation);
  if (Array.isArray(parent)) parent[indexOf(last, parent.length - 1, operation)] = value;
  else parent[last] = value;
}

/** Removes the value at `path` from the document and returns it. */
function remove(root: { document: unknown }, path: readonly Step[], operation: Operation): unknown {
  const last = path.at(-1);
  if (last === undefined) throw malformed(`${operation.label}: the whole object cannot be taken away`);
  const parent = parentOf(root, path, operation);
  const value = memberOf(parent, last, path, operation);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return value;
}

function valueAt(root: { document: unknown }, path: readonly Step[], operation: Operation): unknown {
  const last = path.at(-1);
  if (last === undefined) return root.document;
  return memberOf(parentOf(root, path, operation), last, path, operation);
}

/** As `valueAt`, but an absent member of a record is null. */
function presentAt(root: { document: unknown }, operation: Operation): unknown {
  const { path } = operation;
  const last = path.at(-1);
  if (last === undefined) return root.document;
  const parent = parentOf(root, path, operation);
  if (!Array.isArray(parent) && !Object.hasOwn(parent, last)) return null;
  return memberOf(parent, last, path, operation);
}

function parentOf(root: { document: unknown }, path: readonly Step[], operation: Operation): Container {
  let at = root.document;
  for (const [depth, step] of path.slice(0, -1).entries()) {
    if (!isContainer(at)) throw missing(path.slice(0, depth + 1), operation);
    at = memberOf(at, step, path.slice(0, depth + 1), operation);
  }
  if (!isContainer(at)) throw missing(path, operation);
  return at;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function memberOf(parent: Container, step: Step, path: readonly Step[], operation: Operation): unknown {
  if (Array.isArray(parent)) return parent[indexOf(step, parent.length - 1, operation)];
  if (!Object.hasOwn(parent, step)) throw missing(path, operation);
  return parent[step];
}

/** A list's index between 0 and `max`, inclusive. */
function indexOf(step: Step, max: number, operation: Operation): number {
  const index = /^(?:0|[1-9]\d{0,9})$/.test(step) ? Number(step) : Number.NaN;
  if (index <= max) return index;
  throw unfit(pathOf(operation.path), `${operation.label}: ${quote(step)} is no index of this list`);
}

function missing(path: readonly Step[], operation: Operation): Error {
  return unfit(pathOf(path), `${operation.label}: there is nothing at ${quote(pathOf(path))}`);
}

function pathOf(path: readonly Step[]): string {
  return path.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
