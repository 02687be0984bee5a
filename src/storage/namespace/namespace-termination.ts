/**
 * The additions to the transaction that marks or removes a namespace object:
 *
 *   marked    a marker under /keelson<prefix>/terminating/<name>, in the same transaction: every emptier reads it,
 *             also after the process that marked the namespace was killed
 *   removed   only while the namespace has no key of any recorded kind, compared in the same transaction;
 *             the marker is removed with it
 */
import type { Call } from "../../base/call.ts";
import { StoreError } from "../../errors.ts";
import type { RangeResponse } from "../../etcd/ports/messages.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { Change, GuardPart, WriteGuard } from "../seam/write-guard.ts";

const folder = "terminating";
/** Kinds compared in the removal itself: etcd bounds compares and reads. The others were counted just before. */
const comparedMax = 40;

export class NamespaceTermination implements WriteGuard {
  readonly #keys: KeySpace;
  readonly #ranges: (namespace: string, call: Call) => Promise<readonly KeyRange[]>;
  readonly #onMarked: () => void;

  /**
   * @param ranges key ranges that may have objects of a namespace
   * @param onMarked called when a namespace was marked here
   */
  constructor(
    keys: KeySpace,
    ranges: (namespace: string, call: Call) => Promise<readonly KeyRange[]>,
    onMarked: () => void,
  ) {
    this.#keys = keys;
    this.#ranges = ranges;
    this.#onMarked = onMarked;
  }

  /** The key that marks `namespace` for emptying. */
  static marker(keys: KeySpace, namespace: string): string {
    return keys.bookkeeping(folder, namespace);
  }

  /** All of them. */
  static markers(keys: KeySpace): KeyRange {
    return keys.bookkeepingRange(folder);
  }

  prepare(
    change: Change,
    _options: { readonly withoutPuts: boolean },
    call: Call,
  ): GuardPart | undefined | Promise<GuardPart | undefined> {
    const { kind, name, before, after } = change;
    if (kind.resource !== "namespaces" || before === undefined) return undefined;
    if (after !== undefined) {
      const isMarked = after.head.metadata.deletionTimestamp !== undefined;
      if (!isMarked || before.head.metadata.deletionTimestamp !== undefined) return undefined;
      const marker = NamespaceTermination.marker(this.#keys, name);
      return {
        compares: [],
        ops: [{ type: "put", put: { key: marker, value: "" } }],
        reads: [],
        applied: () => this.#onMarked(),
        refused: () => "not mine",
        abandoned: () => undefined,
      };
    }
    return this.#removal(change, call);
  }

  async #removal({ kind, key, name }: Change, call: Call): Promise<GuardPart> {
    const marker = NamespaceTermination.marker(this.#keys, name);
    const ranges = (await this.#ranges(name, call)).slice(0, comparedMax);
    return {
      // A range compare must hold for every key in the range: "create revision 0" holds only when there is none.
      compares: ranges.map(({ key: start, rangeEnd }) => ({
        key: start,
        rangeEnd,
        target: "create",
        result: "=",
        operand: 0n,
      })),
      ops: [{ type: "delete", delete: { key: marker } }],
      reads: ranges.map(({ key: start, rangeEnd }) => ({ key: start, rangeEnd, countOnly: true })),
      applied: () => undefined,
      refused: (reads: readonly RangeResponse[]) =>
        reads.some(({ count }) => count > 0n)
          ? new StoreError("CONFLICT", `Cannot remove namespace "${name}": it is not empty`, {
              key,
              kind: kind.kind,
              plural: kind.plural,
              name,
            })
          : "not mine",
      abandoned: () => undefined,
    };
  }
}
