/**
 * The scope of a call that writes: it belongs to the history in which it was begun. What it read before a restore says
 * nothing after it, since revisions come again with other content: a write that it has not sent by then is refused.
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
