/** What a read is about: which objects, and how fresh the answer must be. */
import { type Call, callNames } from "../../base/call.ts";
import type { KnownNames, NamesOf } from "../../base/text/known-options.ts";

/** How fresh a read must be. Default: linearizable. */
export type ReadFreshness =
  | {
      /**
       * "linearizable": no write acknowledged before the call is missing. "any": some state that was true once,
       * without waiting. "notOlderThan": the state at `resourceVersion` or later. "exact": the state at
       * `resourceVersion`.
       */
      readonly consistency: "linearizable";
    }
  | { readonly consistency: "any" }
  | {
      readonly consistency: "notOlderThan";
      /**
       * A version of this store, decimal text above 0. "exact" of a compacted version is EXPIRED; a version that the
       * store has not reached within 3 s is FUTURE_VERSION.
       */
      readonly resourceVersion: string;
    }
  | { readonly consistency: "exact"; readonly resourceVersion: string };

/** The options of every form; the parser checks which ones may be combined. */
export const readNames: KnownNames = {
  consistency: true,
  resourceVersion: "text",
};

/** Object form of a label selector (metav1.LabelSelector); all terms must hold. */
export interface LabelSelector {
  /** Labels the object must have with exactly these values. */
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  /** Requirements on single labels; all must hold. */
  readonly matchExpressions?:
    | readonly {
        /** The label's key, such as "tier" or "example.com/tier". */
        readonly key: string;
        /**
         * "In": has the label with one of `values`; "NotIn": does not; "Exists": has it; "DoesNotExist": does not. An
         * object without the label matches "NotIn".
         */
        readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
        /** At least one for "In" and "NotIn", none for the others; at most 4,096. */
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

/** Which objects of a kind a call is about; absent members do not narrow it. */
export interface Scoped extends Call {
  /** One namespace; absent: all of them. INVALID_ARGUMENT for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /**
   * As text in kubectl's syntax, "tier in (web,db),!old", or as an object; at most 65,536 characters and 256
   * requirements.
   */
  readonly labelSelector?: string | LabelSelector | undefined;
  /** "spec.nodeName=n1,metadata.name!=x" or an equality map. */
  readonly fieldSelector?: string | Readonly<Record<string, string>> | undefined;
}

export const scopedNames: NamesOf<Scoped> = {
  ...callNames,
  namespace: "text",
  labelSelector: true,
  fieldSelector: true,
};
