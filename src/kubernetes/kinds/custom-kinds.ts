/**
 * Custom kinds, from the CustomResourceDefinitions stored in the same etcd: `customResources` returns the definitions'
 * details, `customResourceKinds` only the kinds.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { systemClock } from "../../base/time/clock.ts";
import { isWrapped } from "../../codec/form/wrapped-value.ts";
import { isWrapping, KeyFault, type Transform, transformFor } from "../../codec/sealing/transform.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { Store } from "../../resource/contract/store.ts";
import { definitionOf } from "../../resource/model/define-kind.ts";
import { KeySpace } from "../../resource/model/keys.ts";
import type { Kind } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { decodeKubernetes } from "../protobuf/kubernetes-object.ts";
import { kubernetesKind } from "./kubernetes-kinds.ts";
import { type CustomResource, customResourceOf } from "./resource-definition.ts";

/** A reader of keys, such as an Etcd. */
export interface KeyReader {
  /** Its keys and values. */
  readonly kv: {
    /** As `Kv.range` of `keelson/etcd`. */
    range(
      request: {
        /** First key, inclusive. */
        readonly key: string;
        /** Exclusive end. */
        readonly rangeEnd: string;
        /** At most this many keys. */
        readonly limit: number;
      },
      call: Call,
    ): Promise<{
      /** The found keys and values, by key. */
      readonly kvs: readonly {
        /** The key. */
        readonly key: Uint8Array;
        /** The value. */
        readonly value: Uint8Array;
      }[];
      /** There are more in the range than `limit`. */
      readonly more: boolean;
    }>;
  };
}

/** Options of `customResourceKinds` and `customResources`. */
export interface CustomResourceOptions extends Call {
  /** Prefix of the cluster's keys; default "/registry". A Store uses its own. */
  readonly prefix?: string | undefined;
  /** Open encrypted definitions, as in `createStore`. A Store uses its own. */
  readonly transforms?: Readonly<Record<string, Transform>> | undefined;
  /** Called for each unreadable definition; the others are used. Default: the first one is thrown. */
  readonly onCorrupt?: ((error: StoreError) => void) | undefined;
}

const optionNames: NamesOf<CustomResourceOptions> = {
  ...callNames,
  prefix: "text",
  transforms: "object",
  onCorrupt: "function",
};

const definitionKind: Kind = kubernetesKind("apiextensions.k8s.io/v1", "CustomResourceDefinition");
/** A definition with its schema can be hundreds of kilobytes. */
const pageItems = 50;

/**
 * The custom kinds of a cluster, each in its stored version; objects in other versions are read, too.
 * @param from an etcd, or a store in which CustomResourceDefinition is open
 * @throws CORRUPT_OBJECT for an unreadable definition, without `onCorrupt`; INVALID_ARGUMENT "from", "prefix"
 */
export async function customResourceKinds(
  from: KeyReader | Store,
  options: CustomResourceOptions = {},
): Promise<readonly Kind[]> {
  return (await customResources(from, options)).map(({ kind }) => kind);
}

/** As `customResourceKinds`, with all versions (the stored one is marked) and kubectl's columns. */
export async function customResources(
  from: KeyReader | Store,
  options: CustomResourceOptions = {},
): Promise<readonly CustomResource[]> {
  checkOptions(options, "read custom kinds", optionNames);
  using scope = new CallScope(options, systemClock, "read custom kinds");
  const outcomes = "resources" in from ? fromStore(from, scope.rest()) : fromKeys(from, options, scope);
  const found: CustomResource[] = [];
  for await (const outcome of outcomes) {
    try {
      if (outcome instanceof StoreError) throw outcome;
      found.push(customResourceOf(outcome));
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT") || options.onCorrupt === undefined) throw error;
      options.onCorrupt(error);
    }
  }
  return found;
}

async function* fromStore(store: Store, call: Call): AsyncIterable<AnyResource> {
  const kind = store.kinds.find(
    ({ group, plural }) => group === definitionKind.group && plural === definitionKind.plural,
  );
  if (kind === undefined) {
    throw invalidArgument(
      "from",
      "Cannot read custom kinds: CustomResourceDefinition is not among the store's kinds",
    );
  }
  const { items } = await store.resources(kind).list(call);
  for (const item of items) yield item as AnyResource;
}

/** Each definition, or the reason why it is unreadable. */
async function* fromKeys(
  { kv }: KeyReader,
  { prefix, transforms = {} }: CustomResourceOptions,
  scope: CallScope,
): AsyncIterable<AnyResource | StoreError> {
  const definition = definitionOf(definitionKind);
  const { key: start, rangeEnd } = new KeySpace(prefix).range(definition);
  const transform = transformFor(transforms, definition);
  let key = start;
  for (;;) {
    const { kvs, more } = await kv.range({ key, rangeEnd, limit: pageItems }, scope.rest());
    for (const { key: bytes, value } of kvs) {
      key = Buffer.from(bytes).toString();
      try {
        yield decodeKubernetes(await unwrapped(transform, key, value));
      } catch (error) {
        if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
        yield error;
      }
    }
    if (!more) return;
    key += "\0";
  }
}

/** The opened value. @throws CORRUPT_OBJECT */
async function unwrapped(
  transform: Transform | undefined,
  key: string,
  value: Uint8Array,
): Promise<Uint8Array> {
  if (!isWrapped(value)) return value;
  const corrupt = (reason: string): StoreError<"CORRUPT_OBJECT"> =>
    new StoreError("CORRUPT_OBJECT", `Cannot read ${quote(key)}: ${reason}`, { key, reason });
  if (transform === undefined || !isWrapping(transform)) {
    throw corrupt("it is encrypted by Kubernetes, and no encryption configuration is given");
  }
  try {
    return (await transform.unwrap(key, value)).plain;
  } catch (error) {
    throw error instanceof KeyFault ? corrupt(error.message) : error;
  }
}
