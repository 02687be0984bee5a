/**
 * Facts of Kubernetes' API types: messages, their fields and their kinds. They serve encoding, description (OpenAPI),
 * strategic merge patch, and field ownership (server-side apply).
 */

/** A type of one value: a Go type, a type with special bytes and JSON (`time`, `quantity` …), or a message. */
export type FieldType =
  | {
      /** A value that is not a message. */
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
  /** JSON name; "" for an inline field, whose members belong to the outer message's JSON. */
  readonly name: string;
  /** Protobuf number; 0: the field exists only in JSON. */
  readonly number: number;
  /** Type of one value of it. */
  readonly type: FieldType;
  /** Whether it holds one value, a list of them, or a map from text to them. */
  readonly repeated: "one" | "list" | "map";
  /** A pointer in Go: absent and zero differ. */
  readonly pointer: boolean;
  /** `omitempty`: Go leaves the zero value out of JSON. A struct that is not a pointer is never left out. */
  readonly omitEmpty: boolean;
  /** `omitzero`: also a zero struct is left out. */
  readonly omitZero: boolean;
  /** Whether a valid object must have it, as in Kubernetes' OpenAPI: neither omitempty, omitzero nor +optional. */
  readonly required: boolean;
  /** Strategic merge patch: `patchStrategy`, of "merge", "replace" and "retainKeys". */
  readonly patchStrategies: readonly string[];
  /** Strategic merge patch: `patchMergeKey`, the field that identifies items of a list. */
  readonly patchMergeKey: string | undefined;
  /** Server-side apply: `+listType`, "atomic", "set" or "map". */
  readonly listType: string | undefined;
  /** Server-side apply: `+listMapKey`, the fields that identify items of a "map" list. */
  readonly listMapKeys: readonly string[];
  /** Server-side apply: `+mapType` or `+structType`, "atomic" or "granular". */
  readonly mapType: string | undefined;
  /** `+default`, as JSON text. */
  readonly default: string | undefined;
  /** The values of its type if that is marked `+enum`, including "" where Go has it. */
  readonly enum: readonly string[] | undefined;
  /** The last release of Kubernetes that had it ("1.24"); undefined: the newest has it. */
  readonly until: string | undefined;
}

/** A message: a type with fields. */
export interface MessageFacts {
  /** The Go package's end and the type's name: "core/v1.Pod", "meta/v1.ObjectMeta", "apiextensions/v1.JSON". */
  readonly name: string;
  /** In the order of the Go struct and of its JSON. */
  readonly fields: readonly FieldFacts[];
  /** It embeds TypeMeta: its JSON may have apiVersion and kind. */
  readonly isKind: boolean;
  /**
   * Special JSON: a list ("items"), any JSON ("json"), JSONSchemaPropsOrBool and similar; undefined: a record of its
   * fields.
   */
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

/** Facts of Kubernetes' API types, of the newest release and of older ones. Created once, on first use. */
export interface KubernetesTypes {
  /**
   * Every kind of every group and version, and those that are in every group ("WatchEvent", "DeleteOptions" …) under
   * "meta.k8s.io/v1".
   */
  readonly kinds: readonly KindFacts[];
  /** Every message's name. */
  readonly messages: readonly string[];
  /** The source of the facts, as text. */
  readonly sources: readonly string[];
  /**
   * The message of a kind; undefined: not a built-in kind. "WatchEvent", "Status" and similar kinds are found under
   * every apiVersion of a built-in group.
   */
  ofKind(apiVersion: string, kind: string): MessageFacts | undefined;
  /** A message by its name; undefined when there is none. */
  message(name: string): MessageFacts | undefined;
}
