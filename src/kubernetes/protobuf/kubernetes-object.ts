/**
 * Whole objects in Kubernetes' formats: the values in etcd, and protobuf over HTTP.
 *
 * Built-in kinds are protobuf in an envelope. kube-apiserver stores custom resources as JSON, and also
 * CustomResourceDefinitions and APIServices, whose servers use only JSON.
 *
 * A decoded object keeps its source bytes while it is in memory. Unchanged, it is encoded to the same bytes, even if an
 * older or newer Kubernetes wrote them; changed, it is encoded in the current form, unless fields would be lost.
 */
import { goJsonText } from "../../base/text/go-json-text.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { DecodeFault } from "../../codec/form/decode-fault.ts";
import { parseJson } from "../../codec/json-body.ts";
import { StoreError } from "../../errors.ts";
import { sameContent, setOwnField } from "../../resource/model/plain-data.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { kubernetesTypes } from "../types/type-table.ts";
import { EncodeFault } from "./encode-fault.ts";
import { type MessagePlan, planOf } from "./message-plan.ts";
import { MessageReader, type UnknownField } from "./message-reader.ts";
import { MessageWriter } from "./message-writer.ts";
import { isKubernetesProtobuf, readEnvelope, writeEnvelope } from "./unknown.ts";

/** Groups whose objects kube-apiserver stores as JSON although they have protobuf. */
const groupsKeptAsJson: ReadonlySet<string> = new Set(["apiextensions.k8s.io", "apiregistration.k8s.io"]);
const braceByte = 0x7b;

/** The source of a decoded object. */
interface Origin {
  readonly bytes: Uint8Array;
  readonly unknownFields: readonly UnknownField[];
}
/** Keyed weakly by object: an entry lives as long as its object. */
const origins = new WeakMap<object, Origin>();

/** Options of `decodeKubernetes`. */
export interface DecodeOptions {
  /**
   * Called if there are fields that the table of types does not have: a newer Kubernetes wrote them, and the decoded
   * object lacks them.
   */
  readonly onUnknownFields?: ((fields: readonly UnknownField[]) => void) | undefined;
}

/** Options of `encodeKubernetes`. */
export interface EncodeOptions {
  /**
   * Called with the path of every field that the object's type does not have; the field is left out, as kube-apiserver
   * does by default. Absent: such a field is INVALID_OBJECT.
   */
  readonly onUnknownMember?: ((path: string) => void) | undefined;
}

const encodeNames: NamesOf<EncodeOptions> = { onUnknownMember: "function" };

/**
 * Decodes an object from Kubernetes' protobuf ("k8s\0") or JSON, as kube-apiserver shows it. Supports every built-in
 * kind, including lists, Status and options. Its apiVersion and kind are those it was written in.
 * @throws CORRUPT_OBJECT with the offset in its reason; also for a kind that is not in the table of types
 */
export function decodeKubernetes(value: Uint8Array, options: DecodeOptions = {}): AnyResource {
  checkOptions(options, "decode object", { onUnknownFields: "function" });
  try {
    const decoded = isKubernetesProtobuf(value) ? decodeProtobuf(value) : decodeJson(value);
    origins.set(decoded.object, { bytes: value, unknownFields: decoded.unknownFields });
    if (decoded.unknownFields.length > 0) options.onUnknownFields?.(decoded.unknownFields);
    return decoded.object;
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    throw corruptObject(error);
  }
}

/**
 * The bytes that kube-apiserver stores for an object: protobuf for built-in kinds, JSON for all others.
 * metadata.resourceVersion is written if present; kube-apiserver stores none.
 * @throws INVALID_OBJECT for an invalid object, naming the field; also when it would lose fields of a newer Kubernetes
 * that `decodeKubernetes` has skipped
 */
export function encodeKubernetes(object: AnyResource, options: EncodeOptions = {}): Uint8Array {
  checkOptions(options, "encode object", encodeNames);
  const { apiVersion, kind } = object;
  const plan = isKeptAsProtobuf(apiVersion) ? planOfKind(apiVersion, kind) : undefined;
  return withOrigin(
    object,
    plan === undefined ? encodeJson(object, options) : encodeProtobuf(object, options),
  );
}

/**
 * The object as application/vnd.kubernetes.protobuf, for every kind that has protobuf, CustomResourceDefinitions included:
 * bodies of requests and responses.
 * @throws INVALID_OBJECT as `encodeKubernetes`; also for a kind without protobuf (a custom resource, a Table)
 */
export function encodeKubernetesProtobuf(object: AnyResource, options: EncodeOptions = {}): Uint8Array {
  checkOptions(options, "encode object", encodeNames);
  return withOrigin(object, encodeProtobuf(object, options));
}

/** Whether the kind can be sent as protobuf: it is built in, and its type has field numbers. */
export function hasKubernetesProtobuf(apiVersion: string, kind: string): boolean {
  return planOfKind(apiVersion, kind) !== undefined;
}

export interface DecodedProtobuf {
  readonly object: AnyResource;
  readonly unknownFields: readonly UnknownField[];
}

/** @throws DecodeFault */
export function decodeProtobuf(value: Uint8Array): DecodedProtobuf {
  const { apiVersion, kind, start, end } = readEnvelope(value);
  const plan = planOfKind(apiVersion, kind);
  if (plan === undefined) throw unknownKind(apiVersion, kind);
  const reader = new MessageReader(value, start, end);
  const object: Record<string, unknown> = { kind, apiVersion };
  reader.readInto(plan, end, object);
  return { object: object as AnyResource, unknownFields: reader.unknown };
}

/** Plans by apiVersion and kind, needed for every value. Only kinds of the table are added, so its size is bounded. */
const plansByKind = new Map<string, Map<string, MessagePlan>>();

/** The plan of a kind that has protobuf. */
export function planOfKind(apiVersion: string, kind: string): MessagePlan | undefined {
  const known = plansByKind.get(apiVersion)?.get(kind);
  if (known !== undefined) return known;
  const plan = findPlan(apiVersion, kind);
  if (plan === undefined) return undefined;
  const ofVersion = plansByKind.get(apiVersion) ?? new Map<string, MessagePlan>();
  plansByKind.set(apiVersion, ofVersion.set(kind, plan));
  return plan;
}

function findPlan(apiVersion: string, kind: string): MessagePlan | undefined {
  const facts = kubernetesTypes().ofKind(apiVersion, kind);
  if (facts === undefined || (facts.fields.length > 0 && facts.fields.every(({ number }) => number === 0))) {
    return undefined;
  }
  return planOf(facts.name);
}

/** Whether kube-apiserver keeps built-in kinds of this group and version as protobuf. */
export function isKeptAsProtobuf(apiVersion: string): boolean {
  const slash = apiVersion.indexOf("/");
  return slash < 0 || !groupsKeptAsJson.has(apiVersion.slice(0, slash));
}

export function unknownKind(apiVersion: string, kind: string): DecodeFault {
  return new DecodeFault(
    `it is ${JSON.stringify(apiVersion)} ${JSON.stringify(kind)}, a kind that the table of Kubernetes' types does not have`,
  );
}

export function describeUnknownFields(fields: readonly UnknownField[]): string {
  return fields.map(({ message, number }) => `${message} field ${number}`).join(", ");
}

/** @throws INVALID_OBJECT */
export function encodeProtobuf(object: AnyResource, options: EncodeOptions = {}): Uint8Array {
  const { apiVersion, kind } = object;
  const plan = planOfKind(apiVersion, kind);
  if (plan === undefined) {
    throw invalidObject(object, {
      field: "kind",
      message: `${JSON.stringify(apiVersion)} ${JSON.stringify(kind)} has no protobuf`,
    });
  }
  const writer = idleWriter ?? new MessageWriter();
  idleWriter = undefined;
  try {
    writeEnvelope(writer, apiVersion, kind, () => writer.writeMessage(plan, object), options);
    return writer.out.copy();
  } catch (error) {
    if (!(error instanceof EncodeFault)) throw error;
    throw invalidObject(object, { field: error.field, message: error.message });
  } finally {
    idleWriter = writer;
  }
}

/** A writer whose buffer is reused; undefined while it is in use, since a callback may encode another object. */
let idleWriter: MessageWriter | undefined;

/** @throws INVALID_OBJECT */
export function encodeJson(object: AnyResource, options: EncodeOptions = {}): Uint8Array {
  const plan = planOfKind(object.apiVersion, object.kind);
  // A built-in kind is written in the order of its Go struct, with Go's values for unset fields.
  const shown = plan === undefined ? sorted(object) : decodeProtobuf(encodeProtobuf(object, options)).object;
  return Buffer.from(`${goJsonText(shown)}\n`);
}

function decodeJson(value: Uint8Array): DecodedProtobuf {
  if (value[0] !== braceByte)
    throw new DecodeFault("at byte 0: it is neither protobuf nor JSON", { offset: 0 });
  const object = parseJson(value);
  const { apiVersion, kind } = object as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new DecodeFault("it has no apiVersion or no kind");
  }
  return { object: object as AnyResource, unknownFields: [] };
}

/** The source bytes of an unchanged object, else `encoded`. */
function withOrigin(object: AnyResource, encoded: Uint8Array): Uint8Array {
  const origin = origins.get(object);
  if (origin === undefined || Buffer.compare(origin.bytes, encoded) === 0) return encoded;
  const before = isKubernetesProtobuf(origin.bytes) ? decodeProtobuf(origin.bytes) : decodeJson(origin.bytes);
  if (sameContent(before.object, object)) return origin.bytes.slice();
  if (origin.unknownFields.length === 0) return encoded;
  throw invalidObject(object, {
    field: "",
    message: `it was read without ${describeUnknownFields(origin.unknownFields)}, which a newer Kubernetes wrote; written back it would lose them`,
  });
}

/** Records with sorted fields, as Go writes maps. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const record = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(record).sort()) {
    if (record[name] !== undefined) setOwnField(result, name, sorted(record[name]));
  }
  return result;
}

function corruptObject(fault: DecodeFault): StoreError<"CORRUPT_OBJECT"> {
  return new StoreError(
    "CORRUPT_OBJECT",
    `Cannot read a value of Kubernetes: ${fault.message}`,
    { reason: fault.message, offset: fault.offset },
    { cause: fault },
  );
}

export function invalidObject(
  object: AnyResource,
  fault: { readonly field: string; readonly message: string },
): StoreError<"INVALID_OBJECT"> {
  const { kind, metadata } = object;
  const where = fault.field === "" ? "" : `field "${fault.field}": `;
  return new StoreError("INVALID_OBJECT", `Cannot encode ${kind}: ${where}${fault.message}`, {
    kind,
    namespace: metadata?.namespace,
    name: metadata?.name,
    errors: [fault],
  });
}
