/**
 * How many requests a call costs etcd, told apart from what stores do in the background meanwhile (looking for
 * namespaces to empty every 5 s, folding ledgers, keeping sessions): a request counts for the call it was made for,
 * by Node's async context. A request the client had to send again, because the machine stood still, counts once.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { RequestEvent } from "../../src/etcd/client/client-diagnostics.ts";

const requests = "keelson:etcd:request";

/** Requests of etcd's key-value service made for `run`. */
export async function kvRequestsOf(run: () => Promise<unknown>): Promise<number> {
  const context = new AsyncLocalStorage<true>();
  let count = 0;
  const onRequest = (message: unknown): void => {
    const { phase, method } = message as RequestEvent;
    if (phase === "start" && method.startsWith("/etcdserverpb.KV/") && context.getStore() === true) count++;
  };
  subscribe(requests, onRequest);
  try {
    await context.run(true, run);
  } finally {
    unsubscribe(requests, onRequest);
  }
  return count;
}
