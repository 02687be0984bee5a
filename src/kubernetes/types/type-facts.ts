/**
 * What is known of Kubernetes' API types: messages, their fields and the kinds that have them. Facts, for whoever encodes,
 * describes (OpenAPI), merges (strategic merge patch) or tracks ownership of fields (server-side apply).
 */

/** A type of one value: Go's own, one with bytes and JSON of its own (`time`, `quantity` …), or a message. */
export type FieldType =
  | {
      /** A value that is no message. */
      readonly scalar:
        | "string"
        | "bool"
        | "int32"
        | "int64"
        | "uint32"
        | "uint64"
        | "double"
        | "bytes"
        | "time"
        | "microtime"
        | "duration"
        | "quantity"
        | "intorstring"
        /** FieldsV1: JSON kept as it is. */
        | "fields"
        /** RawExtension: any JSON. */
        | "raw"
        | "any";
    }
  /** The name of a message: `kubernetesTypes().message(name)`. */
  | {
      /** Name of a message: `kubernetesTypes().message(name)`. */
      readonly message: string;
    };

/** One field of a message. */
export interface FieldFacts {
  /** JSON name; "" for an inline field, whose members stand among those of the message that holds it. */
  readonly name: string;
  /** Protobuf number; 0: the field is in JSON alone. */
  readonly number: number;
  /** Type of one value of it. */
  readonly type: FieldType;
  /** Whether it holds one value, a list of them, or a map from text to them. */
  readonly repeated: "one" | "list" | "map";
  /** A pointer in Go: absent and zero are two things. */
  readonly pointer: boolean;
  /** `omitempty`: Go leaves the zero value out of JSON. A struct that is no pointer is never left out. */
  readonly omitEmpty: boolean;
  /** `omitzero`: also a zero struct is left out. */
  readonly omitZero: boolean;
  /** Whether a valid object must have it, as Kubernetes' OpenAPI says: neither omitempty, omitzero nor +optional. */
  readonly required: boolean;
  /** Strategic merge patch: `patchStrategy`, of "merge", "replace" and "retainKeys". */
  readonly patchStrategies: readonly string[];
  /** Strategic merge patch: `patchMergeKey`, the field that tells items of a list apart. */
  readonly patchMergeKey: string | undefined;
  /** Server-side apply: `+listType`, "atomic", "set" or "map". */
  readonly listType: string | undefined;
  /** Server-side apply: `+listMapKey`, the fields that tell items of a "map" list apart. */
  readonly listMapKeys: readonly string[];
  /** Server-side apply: `+mapType` or `+structType`, "atomic" or "granular". */
  readonly mapType: string | undefined;
  /** `+default`, as JSON text. */
  readonly default: string | undefined;
  /** The texts of its type when that is marked `+enum`; "" among them where Go has it. */
  readonly enum: readonly string[] | undefined;
  /** The last release of Kubernetes that had it ("1.24"); undefined: the newest has it. */
  readonly until: string | undefined;
}

/** A message: a type with fields. */
export interface MessageFacts {
  /** The Go package's end and the type's name: "core/v1.Pod", "meta/v1.ObjectMeta", "apiextensions/v1.JSON". */
  readonly name: string;
  /** In the order of the Go struct, which is that of its JSON. */
  readonly fields: readonly FieldFacts[];
  /** It embeds TypeMeta: its JSON may have apiVersion and kind. */
  readonly isKind: boolean;
  /** JSON of its own: a list ("items"), any JSON ("json"), JSONSchemaPropsOrBool and its like; undefined: a record of its fields. */
  readonly form: "items" | "json" | "schema-or-bool" | "schema-or-array" | "schema-or-strings" | undefined;
  /** `+genclient:nonNamespaced`: cluster-scoped. */
  readonly clusterScoped: boolean;
  /** `+structType=atomic`. */
  readonly atomic: boolean;
  /** The last release of Kubernetes that had it ("1.24"); undefined: the newest has it. */
  readonly until: string | undefined;
}

/** A kind in one version. */
export interface KindFacts {
  /** "" is the core group. */
  readonly group: string;
  /** "v1", "v1beta1". */
  readonly version: string;
  /** "Deployment". */
  readonly kind: string;
  /** Its message's name. */
  readonly message: string;
}

/** Facts of Kubernetes' API types, the newest release's and those of older ones. Made once, at the first question. */
export interface KubernetesTypes {
  /** Every kind of every group and version, with those that are in every group ("WatchEvent", "DeleteOptions" …) under "meta.k8s.io/v1". */
  readonly kinds: readonly KindFacts[];
  /** Every message's name. */
  readonly messages: readonly string[];
  /** What the facts were taken from, for people. */
  readonly sources: readonly string[];
  /** The message of a kind; undefined: no built-in kind. "WatchEvent", "Status" and their like are found under every apiVersion of a built-in group. */
  ofKind(apiVersion: string, kind: string): MessageFacts | undefined;
  /** A message by its name; undefined when there is none. */
  message(name: string): MessageFacts | undefined;
}
