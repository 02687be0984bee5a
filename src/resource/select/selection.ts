/**
 * A selection: which objects a list, watch or deleteCollection is about. Namespace, name, labels and fields in one,
 * checked before anything is sent, and matched against heads only.
 *
 * A selector on metadata.name or metadata.namespace narrows the key range like the options with those names.
 */
import { checkOptions } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type { Scoped } from "../contract/scope.ts";
import { definitionOf } from "../model/define-kind.ts";
import type { Head } from "../model/head.ts";
import { checkedNamespace } from "../model/keys.ts";
import type { Kind, KindDefinition } from "../model/kind.ts";
import { nameFault } from "../model/names.ts";
import type { Resource } from "../model/resource.ts";
import { type FieldRequirements, type FieldSource, parseFieldSelector } from "./field-selector.ts";
import { type LabelRequirements, parseLabelSelector } from "./label-selector.ts";

/** What a selection reads of an object. */
export type SelectionSource = FieldSource & {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> | undefined };
};

export interface Selection {
  /** The only namespace that can match; undefined: any. */
  readonly namespace: string | undefined;
  /** The only name that can match; undefined: any. */
  readonly name: string | undefined;
  readonly labels: LabelRequirements;
  readonly fields: FieldRequirements;
  /** No selector beyond the key range: every key in it matches, and counts are exact. */
  readonly isWholeRange: boolean;
  /** Canonical text of the whole selection, for tokens: equal selections have equal text. */
  readonly text: string;
  matches(head: Head | SelectionSource): boolean;
}

/**
 * Checks and combines the parts.
 * @throws INVALID_ARGUMENT "namespace", "name", "labelSelector" or "fieldSelector"
 */
export function parseSelection(
  kind: KindDefinition,
  options: Pick<Scoped, "namespace" | "labelSelector" | "fieldSelector"> & {
    readonly name?: string | undefined;
  },
): Selection {
  const askedNamespace = checkedNamespace(kind, options.namespace);
  if (options.name !== undefined) {
    const fault = nameFault(kind.nameRule, options.name);
    if (fault !== undefined) {
      throw invalidArgument(
        "name",
        `Cannot use ${quote(options.name)} as name of ${kind.resource}: ${fault}`,
      );
    }
  }
  const labels = parseLabelSelector(options.labelSelector);
  const fields = parseFieldSelector(options.fieldSelector, kind);
  // Narrows only to values that can be keys; any other value stays a condition, which then matches nothing.
  const selectedName = fields.valueOf("metadata.name");
  const selectedNamespace = kind.scope === "Namespaced" ? fields.valueOf("metadata.namespace") : undefined;
  const namespace =
    askedNamespace ?? (nameFault("label", selectedNamespace) === undefined ? selectedNamespace : undefined);
  const name =
    options.name ?? (nameFault(kind.nameRule, selectedName) === undefined ? selectedName : undefined);
  const isWholeRange = labels.isEmpty && fields.isEmpty && name === undefined;
  return Object.freeze({
    namespace,
    name,
    labels,
    fields,
    isWholeRange,
    text: JSON.stringify([namespace ?? null, name ?? null, labels.text, fields.text]),
    matches: (head: Head | SelectionSource): boolean =>
      (namespace === undefined || head.metadata.namespace === namespace) &&
      (name === undefined || head.metadata.name === name) &&
      (isWholeRange || (labels.matches(head.metadata.labels) && fields.matches(head))),
  });
}

const matcherNames = { namespace: "text", labelSelector: true, fieldSelector: true } as const;

/**
 * Tests objects against a selection, for readers that have objects and no store. Only the fields that the kind
 * declares are selectable.
 * @throws INVALID_ARGUMENT "namespace", "labelSelector" or "fieldSelector"
 */
export function objectMatcher<T extends Resource>(
  kind: Kind<T>,
  options: Pick<Scoped, "namespace" | "labelSelector" | "fieldSelector">,
): (object: T) => boolean {
  const definition = definitionOf(kind);
  checkOptions(options, "match objects", matcherNames);
  const selection = parseSelection(definition, options);
  return (object) => selection.matches(definition.headOf(object));
}
