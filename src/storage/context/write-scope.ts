/**
 * The scope of a writing call: it belongs to the history in which it began. After a restore its earlier reads are
 * void, because revisions repeat with other content: a write that it has not yet sent is refused.
 */
import { type Call, CallScope } from "../../base/call.ts";
import type { FencedCall } from "../../etcd/fenced/fenced-write.ts";
import type { StorageContext } from "./storage-context.ts";

export class WriteScope extends CallScope {
  readonly #generation: number;

  /** @throws as `CallScope` */
  constructor(context: Pick<StorageContext, "clock" | "etcd">, call: Call | undefined, action: string) {
    super(call, context.clock, action);
    this.#generation = context.etcd.history.generation;
  }

  override restForWrite(): FencedCall {
    const { signal, timeoutMs } = this.rest();
    return { signal, timeoutMs, generation: this.#generation };
  }
}
