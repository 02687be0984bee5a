/**
 * `kubernetesCodec`: makes a keelson store use kube-apiserver's value formats.
 *
 * Built-in kinds are protobuf, custom resources, CustomResourceDefinitions and APIServices JSON. It reads both, and all
 * of keelson's own formats; a value in another form is rewritten in this one by its next write.
 *
 * The head of a protobuf value is read by a projected plan: metadata, and the paths that the kind's fields and measures read.
 */
import type { Codec } from "../../codec/form/codec.ts";
import { DecodeFault } from "../../codec/form/decode-fault.ts";
import type { ForeignFormat } from "../../codec/form/foreign-format.ts";
import type { HeadPart } from "../../codec/form/value.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Head } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import {
  decodeProtobuf,
  describeUnknownFields,
  encodeJson,
  encodeProtobuf,
  isKeptAsProtobuf,
  planOfKind,
  unknownKind,
} from "./kubernetes-object.ts";
import { type MessagePlan, type Projection, projectedPlan } from "./message-plan.ts";
import { MessageReader, type UnknownField } from "./message-reader.ts";
import { isKubernetesProtobuf, readEnvelope } from "./unknown.ts";

/**
 * Values in kube-apiserver's formats, so that it and keelson can share an etcd. The cost, as with every foreign format:
 * no write id (unknown outcomes settle less often), no checksum, no compression. An object with a field that its
 * built-in type does not have is INVALID_OBJECT.
 */
export function kubernetesCodec(): Codec {
  return Object.freeze({ format: "foreign", values: new StoredFormat() });
}

class StoredFormat implements ForeignFormat {
  readonly name = "kubernetes";
  /** By kind: a definition lives as long as the store that opened it. */
  readonly #headPlans = new WeakMap<KindDefinition, HeadPlans>();

  recognizes(plain: Uint8Array): boolean {
    return isKubernetesProtobuf(plain);
  }

  write(
    kind: KindDefinition,
    key: string,
    object: AnyResource,
    replaced: Uint8Array | undefined,
  ): Uint8Array {
    if (replaced !== undefined && isKubernetesProtobuf(replaced)) refuseLoss(kind, key, replaced);
    const stored = asStored(kind, object);
    try {
      return this.#isProtobuf(kind) ? encodeProtobuf(stored) : encodeJson(stored);
    } catch (error) {
      if (!isStoreError(error, "INVALID_OBJECT")) throw error;
      const [first] = error.details.errors;
      throw refused(kind, key, `field "${first?.field}": ${first?.message}`, error.details.errors);
    }
  }

  object(plain: Uint8Array): AnyResource {
    const { object } = decodeProtobuf(plain);
    if (typeof object.metadata?.name !== "string") throw new DecodeFault("its metadata has no name");
    // kube-apiserver stores no version; a version that another program left has no meaning.
    const { resourceVersion: _, ...metadata } = object.metadata;
    object.metadata = metadata as AnyResource["metadata"];
    return object;
  }

  head(plain: Uint8Array, kind: KindDefinition, part: HeadPart | undefined): Head | undefined {
    if (kind.reads === undefined) return undefined;
    const { apiVersion, kind: kindName, start, end } = readEnvelope(plain);
    if (apiVersion !== kind.apiVersion || kindName !== kind.kind) return undefined;
    const reader = new MessageReader(plain, start, end);
    const object: Record<string, unknown> = { kind: kindName, apiVersion };
    const plans = this.#plansOf(kind);
    reader.readInto(part === "selected" ? plans.selected : plans.whole, end, object);
    const resource = object as AnyResource;
    if (typeof resource.metadata?.name !== "string") throw new DecodeFault("its metadata has no name");
    return kind.headOf(resource);
  }

  isStale(plain: Uint8Array, kind: KindDefinition): boolean {
    if (!isKubernetesProtobuf(plain)) return this.#isProtobuf(kind);
    if (!this.#isProtobuf(kind)) return true;
    try {
      const { apiVersion, kind: kindName } = readEnvelope(plain);
      return apiVersion !== kind.apiVersion || kindName !== kind.kind;
    } catch (error) {
      // Damaged: decoding reports it.
      if (error instanceof DecodeFault) return true;
      throw error;
    }
  }

  unread(plain: Uint8Array): readonly string[] {
    const { unknownFields } = decodeProtobuf(plain);
    return unknownFields.map((field) => describeUnknownFields([field]));
  }

  #isProtobuf(kind: KindDefinition): boolean {
    return isKeptAsProtobuf(kind.apiVersion) && planOfKind(kind.apiVersion, kind.kind) !== undefined;
  }

  #plansOf(kind: KindDefinition): HeadPlans {
    const known = this.#headPlans.get(kind);
    if (known !== undefined) return known;
    const message = planOfKind(kind.apiVersion, kind.kind);
    if (message === undefined) throw unknownKind(kind.apiVersion, kind.kind);
    const reads = kind.reads ?? [];
    const plans = {
      whole: projectedPlan(message.name, projectionOf(["metadata", ...reads])),
      selected: projectedPlan(message.name, projectionOf([...selectedMetadata, ...reads])),
    };
    this.#headPlans.set(kind, plans);
    return plans;
  }
}

interface HeadPlans {
  readonly whole: MessagePlan;
  /** The part that selectors and indexes need. */
  readonly selected: MessagePlan;
}
const selectedMetadata = ["metadata.name", "metadata.namespace", "metadata.labels"] as const;

/** Only the given paths. */
function projectionOf(paths: readonly string[]): Projection {
  const root: { [name: string]: Projection } = {};
  for (const path of paths) {
    const steps = path.split(".");
    let tree = root;
    for (const [i, step] of steps.entries()) {
      const inner = tree[step];
      if (inner === "all") break;
      if (i === steps.length - 1) tree[step] = "all";
      else {
        const next: { [name: string]: Projection } = inner === undefined ? {} : { ...inner };
        tree[step] = next;
        tree = next;
      }
    }
  }
  return root;
}

/** The stored part of an object: no resourceVersion, and for a Namespace only fields that Kubernetes has. */
function asStored(kind: KindDefinition, object: AnyResource): AnyResource {
  const { resourceVersion: _, ...metadata } = object.metadata;
  const stored = { ...object, apiVersion: kind.apiVersion, kind: kind.kind, metadata } as AnyResource;
  if (kind.kind !== "Namespace" || kind.group !== "") return stored;
  const { status } = object;
  if (typeof status !== "object" || status === null || !("remaining" in status)) return stored;
  // The counts that keelson reports while it empties a namespace; its conditions have the same as text.
  const { remaining: __, ...kept } = status;
  return { ...stored, status: kept };
}

/** Overwriting unknown fields that the reader skipped would silently drop them. */
function refuseLoss(kind: KindDefinition, key: string, replaced: Uint8Array): void {
  let unknownFields: readonly UnknownField[];
  try {
    ({ unknownFields } = decodeProtobuf(replaced));
  } catch (error) {
    // Damaged or of an unknown kind: it could not be read, so the write is not based on it.
    if (error instanceof DecodeFault) return;
    throw error;
  }
  if (unknownFields.length === 0) return;
  throw refused(
    kind,
    key,
    `a newer Kubernetes wrote ${describeUnknownFields(unknownFields)}, which this write would lose`,
    unknownFields.map(({ message, number }) => ({
      field: "",
      message: `${message} field ${number} is not known here and would be lost`,
    })),
  );
}

function refused(
  kind: KindDefinition,
  key: string,
  reason: string,
  errors: readonly { readonly field: string; readonly message: string }[],
): StoreError<"INVALID_OBJECT"> {
  return new StoreError("INVALID_OBJECT", `Cannot store "${key}": ${reason}`, {
    key,
    group: kind.group,
    kind: kind.kind,
    plural: kind.plural,
    errors,
  });
}
