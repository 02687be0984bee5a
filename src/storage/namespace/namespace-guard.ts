/**
 * Creates need an existing, active namespace: a guard adds this condition to the create's own transaction.
 *
 *   known namespace (its version) ─► compare in the txn: still that version ─► applied
 *                                    else: read in the failure branch, prepared again or refused
 *
 * The cached state of a namespace may let a write proceed; only etcd's state may refuse it. So no object can be
 * created in a namespace that is gone or terminating, whatever races with its deletion, and in steady state a create
 * needs no additional round trip.
 */
import { LRUCache } from "lru-cache";
import type { Call } from "../../base/call.ts";
import { invariant, StoreError } from "../../errors.ts";
import type { KeyValue, RangeResponse } from "../../etcd/ports/messages.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { headOf, openValue } from "../context/records.ts";
import type { Change, GuardPart, PrepareOptions, WriteGuard } from "../seam/write-guard.ts";

/** Namespaces whose version is remembered; a forgotten one costs a read. */
const knownMax = 10_000;

/** `modRevision` 0n: the namespace does not exist. */
interface Known {
  readonly key: string;
  readonly modRevision: bigint;
  readonly terminating: boolean;
}

export class NamespaceGuard implements WriteGuard {
  readonly #namespaces: KindHandle;
  readonly #known = new LRUCache<string, Known>({ max: knownMax });

  /** @param namespaces the handle of the Namespace kind */
  constructor(namespaces: KindHandle) {
    this.#namespaces = namespaces;
  }

  prepare(
    change: Change,
    options: PrepareOptions,
    _call: Call,
  ): GuardPart | undefined | Promise<GuardPart | undefined> {
    const { namespace } = change;
    if (namespace === undefined || change.before !== undefined || options.withoutPuts) return undefined;
    const known = this.#known.get(namespace);
    return known === undefined || known.terminating
      ? this.#ask(change, namespace)
      : this.#part(change, namespace, known);
  }

  async #ask(change: Change, namespace: string): Promise<GuardPart> {
    const { context, definition } = this.#namespaces;
    const key = context.keys.object(definition, { name: namespace });
    const known = await this.#learn(namespace, key, (await context.linearizableGets.get(key)).kv);
    const refusal = refusalOf(change, namespace, known);
    if (refusal !== undefined) throw refusal;
    return this.#part(change, namespace, known);
  }

  #part(change: Change, namespace: string, known: Known): GuardPart {
    const { key } = known;
    return {
      compares: [{ key, target: "mod", result: "=", operand: known.modRevision }],
      ops: [],
      reads: [{ key }],
      applied: () => undefined,
      refused: (reads: readonly RangeResponse[]) => {
        const [answer] = reads;
        invariant(answer !== undefined, "a refused write answers every read");
        const [kv] = answer.kvs;
        if ((kv?.modRevision ?? 0n) === known.modRevision) return "not mine";
        // The next prepare reads from its value whether it is terminating.
        this.#known.delete(namespace);
        if (kv !== undefined) return "mine";
        return refusalOf(change, namespace, { key, modRevision: 0n, terminating: false }) ?? "mine";
      },
      abandoned: () => undefined,
    };
  }

  async #learn(namespace: string, key: string, kv: KeyValue | undefined): Promise<Known> {
    if (kv === undefined) return { key, modRevision: 0n, terminating: false };
    const handle = this.#namespaces;
    const record = await openValue(handle, key, { name: namespace }, kv);
    const { metadata, fields } = headOf(handle.definition, handle.codec, record);
    const terminating = metadata.deletionTimestamp !== undefined || fields["status.phase"] === "Terminating";
    const known = { key, modRevision: kv.modRevision, terminating };
    this.#known.set(namespace, known);
    return known;
  }
}

function refusalOf(
  { kind, key, name }: Change,
  namespace: string,
  known: Known,
): StoreError<"NAMESPACE_NOT_FOUND" | "NAMESPACE_TERMINATING"> | undefined {
  const subject = { ...subjectOf(kind, { namespace, name }, key), namespace };
  const action = `Cannot create ${kind.resource} "${namespace}/${name}"`;
  if (known.modRevision === 0n) {
    return new StoreError("NAMESPACE_NOT_FOUND", `${action}: there is no namespace "${namespace}"`, subject);
  }
  if (!known.terminating) return undefined;
  return new StoreError(
    "NAMESPACE_TERMINATING",
    `${action}: namespace "${namespace}" is being deleted`,
    subject,
  );
}
