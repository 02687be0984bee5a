/**
 * The metadata segment: a head as bytes, readable without the body, in one form for every codec.
 *
 *   headerVersion apiVersion kind  present  name namespace labels fields  uid … other  amounts    (each a MessagePack value)
 *
 * labels, annotations, fields and amounts are arrays of their keys and then their values (`TextShapes` says why). The
 * segment begins with the parts that show whether the value is in today's form, so that `open` compares a few bytes
 * and decodes nothing. `present` has a bit per metadata field, in the order of `metadataFields`; fields that
 * Kubernetes may add are in `other`. Records and words that nearly every cluster has are numbers (`headForms`): part
 * of format version 1, never to be changed.
 */
import type { Head } from "../../resource/model/head.ts";
import { cleanMetadata, isTimestamp } from "../../resource/model/metadata-fields.ts";
import { setOwnField } from "../../resource/model/plain-data.ts";
import type { ObjectMeta } from "../../resource/model/resource.ts";
import { DecodeFault } from "../form/decode-fault.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter, NotPlainData } from "./msgpack-writer.ts";
import { type SharedForms, sharedForms } from "./shared-forms.ts";
import type { TextShapes } from "./text-shapes.ts";

const metadataFields = [
  "name",
  "namespace",
  "labels",
  "generateName",
  "uid",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
] as const;
/** The fields that selectors read come first, the selectable fields directly after them. */
const selectedFields = 3;
type MetadataField = (typeof metadataFields)[number];

/** The bit of each field in `present`; `other` is the bit above them all. */
const bits = Object.fromEntries(metadataFields.map((field, i) => [field, 1 << i])) as Record<
  MetadataField,
  number
>;
const otherBit = 1 << metadataFields.length;

const headForms: SharedForms = sharedForms(
  [
    ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"],
    ["apiVersion", "kind", "name", "uid"],
    ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1"],
    ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"],
    ["apiVersion", "kind", "name", "uid", "controller"],
    ["apiVersion", "blockOwnerDeletion", "controller", "kind", "name", "uid"],
  ],
  [
    "v1",
    "apps/v1",
    "batch/v1",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Node",
    "Update",
    "Apply",
    "FieldsV1",
    "default",
    "kube-system",
    "status",
    "true",
    "false",
    "Running",
    "Pending",
    "Succeeded",
    "Failed",
    "Active",
    "foregroundDeletion",
    "kubernetes",
    "kubernetes.io/pv-protection",
    "kubernetes.io/pvc-protection",
    "kube-controller-manager",
    "kubelet",
    "kubectl-client-side-apply",
    "Helm",
    "linux",
  ],
);

const textRecords: ReadonlySet<string> = new Set<MetadataField>(["labels", "annotations"]);

/** Writes a record of text, never as a shape: `readTextRecord` reads it. */
function writeTexts(writer: MsgpackWriter, record: unknown): void {
  if (!isRecord(record) || !writer.writeTextRecord(record)) throw new NotPlainData();
}

/** The inverse of what `readHead` expects of each field. */
function isOfField(field: MetadataField, value: unknown): boolean {
  switch (field) {
    case "generation":
    case "deletionGracePeriodSeconds":
      return Number.isSafeInteger(value);
    case "deletionTimestamp":
      return typeof value === "string" && isTimestamp(value);
    case "finalizers":
      return Array.isArray(value) && value.every((member) => typeof member === "string");
    case "ownerReferences":
    case "managedFields":
      return Array.isArray(value);
    default:
      return typeof value === "string";
  }
}

/** Writes the segment of a head, without resourceVersion, at the writer's beginning. @throws NotPlainData */
export function writeHead(writer: MsgpackWriter, head: Head): void {
  const { metadata } = head;
  writer.begin(headForms);
  writer.writeNumber(head.headerVersion);
  writer.writeText(head.apiVersion);
  writer.writeText(head.kind);
  let present = 0;
  let other: Record<string, unknown> | undefined;
  for (const field of Object.keys(metadata)) {
    const value = (metadata as Record<string, unknown>)[field];
    if (value === undefined || field === "resourceVersion") continue;
    const bit = Object.hasOwn(bits, field) ? bits[field as MetadataField] : otherBit;
    present |= bit;
    if (bit === otherBit) {
      other ??= {};
      setOwnField(other, field, value);
    }
  }
  writer.writeNumber(present);
  for (let i = 0; i < metadataFields.length; i++) {
    if (i === selectedFields) writeTexts(writer, head.fields);
    const field = metadataFields[i];
    if (field === undefined || (present & (1 << i)) === 0) continue;
    const value: unknown = metadata[field];
    if (textRecords.has(field)) writeTexts(writer, value);
    else if (isOfField(field, value)) writer.write(value, 3);
    else throw new NotPlainData();
  }
  if (other !== undefined) writer.write(other, 2);
  writeTexts(writer, head.amounts);
}

/** @throws DecodeFault */
export function readHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  shapes: TextShapes,
  ascii?: "ascii" | undefined,
): Head {
  try {
    return readFields(new MsgpackReader(bytes, start, end, headForms, ascii), shapes);
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    // Earlier versions wrote null as given.
    return readNulls(new MsgpackReader(bytes, start, end, headForms, ascii), shapes, error);
  }
}

/**
 * As `readHead`, up to the selectable fields: of metadata name, namespace and labels, and no amounts.
 * @throws DecodeFault
 */
export function readSelected(
  bytes: Uint8Array,
  start: number,
  end: number,
  shapes: TextShapes,
  ascii?: "ascii" | undefined,
): Head {
  try {
    const reader = new MsgpackReader(bytes, start, end, headForms, ascii);
    const { headerVersion, apiVersion, kind, metadata, fields } = readBeginning(reader, shapes);
    return { apiVersion, kind, metadata: metadata as Head["metadata"], fields, amounts: {}, headerVersion };
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    return readHead(bytes, start, end, shapes, ascii);
  }
}

/** As `readFields`, for fields of any type: null means absent, any other fault is `fault`. @throws DecodeFault */
function readNulls(reader: MsgpackReader, shapes: TextShapes, fault: DecodeFault): Head {
  const headerVersion = number(reader, "headerVersion");
  const apiVersion = reader.readText();
  const kind = reader.readText();
  const present = number(reader, "fields");
  if (present >= otherBit * 2) throw fault;
  const given: Record<string, unknown> = {};
  let fields: Record<string, string> = {};
  for (const [i, field] of metadataFields.entries()) {
    if (i === selectedFields) fields = reader.readTextRecord(shapes);
    if ((present & (1 << i)) === 0) continue;
    given[field] = textRecords.has(field) ? reader.readTextRecord(shapes) : reader.read();
  }
  if ((present & otherBit) !== 0) takeOthers(reader, given);
  const amounts = reader.readTextRecord(shapes);
  reader.finish();
  const { metadata, faults } = cleanMetadata(given);
  if (faults.length > 0 || typeof metadata["name"] !== "string") throw fault;
  return {
    apiVersion,
    kind,
    metadata: metadata as unknown as Head["metadata"],
    fields,
    amounts,
    headerVersion,
  };
}

/** The metadata fields that have no bit. @throws DecodeFault */
function takeOthers(reader: MsgpackReader, metadata: object): void {
  const other = reader.read();
  if (!isRecord(other) || Object.hasOwn(other, "resourceVersion")) throw wrong("other fields");
  for (const field of Object.keys(other)) {
    if (Object.hasOwn(bits, field)) throw wrong(field);
    setOwnField(metadata as Record<string, unknown>, field, other[field]);
  }
}

/** The part that selectors and indexes read, which comes first. */
function readBeginning(
  reader: MsgpackReader,
  shapes: TextShapes,
): {
  readonly headerVersion: number;
  readonly apiVersion: string;
  readonly kind: string;
  readonly present: number;
  readonly metadata: Partial<ObjectMeta> & { name: string };
  readonly fields: Record<string, string>;
} {
  const headerVersion = number(reader, "headerVersion");
  const apiVersion = reader.readText();
  const kind = reader.readText();
  const present = number(reader, "fields");
  if ((present & bits.name) === 0 || present >= otherBit * 2) {
    throw new DecodeFault("its metadata segment has no name, or fields this code does not know");
  }
  // Written out: a fixed order and assignment by name keep one hidden class, and this is the hottest read.
  const metadata: Partial<ObjectMeta> & { name: string } = { name: reader.readText() };
  if ((present & bits.namespace) !== 0) metadata.namespace = reader.readText();
  if ((present & bits.labels) !== 0) metadata.labels = reader.readTextRecord(shapes);
  const fields = reader.readTextRecord(shapes);
  return { headerVersion, apiVersion, kind, present, metadata, fields };
}

function readFields(reader: MsgpackReader, shapes: TextShapes): Head {
  const { headerVersion, apiVersion, kind, present, metadata, fields } = readBeginning(reader, shapes);
  const has = (bit: number): boolean => (present & bit) !== 0;
  if (has(bits.generateName)) metadata.generateName = reader.readText();
  if (has(bits.uid)) metadata.uid = reader.readText();
  if (has(bits.generation)) metadata.generation = number(reader, "generation");
  if (has(bits.creationTimestamp)) metadata.creationTimestamp = reader.readText();
  if (has(bits.deletionTimestamp)) {
    const deletionTimestamp = reader.readText();
    if (!isTimestamp(deletionTimestamp)) throw wrong("deletionTimestamp");
    metadata.deletionTimestamp = deletionTimestamp;
  }
  if (has(bits.deletionGracePeriodSeconds)) {
    metadata.deletionGracePeriodSeconds = number(reader, "deletionGracePeriodSeconds");
  }
  if (has(bits.annotations)) metadata.annotations = reader.readTextRecord(shapes);
  if (has(bits.ownerReferences)) {
    metadata.ownerReferences = list(reader, "ownerReferences") as NonNullable<ObjectMeta["ownerReferences"]>;
  }
  if (has(bits.finalizers)) {
    const finalizers = list(reader, "finalizers");
    if (!finalizers.every((member) => typeof member === "string")) throw wrong("finalizers");
    metadata.finalizers = finalizers;
  }
  if (has(bits.managedFields)) metadata.managedFields = list(reader, "managedFields");
  if (has(otherBit)) takeOthers(reader, metadata);
  const amounts = reader.readTextRecord(shapes);
  reader.finish();
  return { apiVersion, kind, metadata: metadata as Head["metadata"], fields, amounts, headerVersion };
}

/** The bytes that begin every head of this version, apiVersion and kind. */
export function headPreamble(headerVersion: number, apiVersion: string, kind: string): Uint8Array {
  const writer = new MsgpackWriter();
  writer.begin(headForms);
  writer.writeNumber(headerVersion);
  writer.writeText(apiVersion);
  writer.writeText(kind);
  return Uint8Array.from(writer.written());
}

function number(reader: MsgpackReader, field: string): number {
  const value = reader.read();
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrong(field);
  return value;
}

function list(reader: MsgpackReader, field: string): unknown[] {
  const value = reader.read();
  if (!Array.isArray(value)) throw wrong(field);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(field: string): DecodeFault {
  return new DecodeFault(`its metadata segment has no such ${field} as it should`);
}
