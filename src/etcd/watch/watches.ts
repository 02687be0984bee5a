/** The `Watches` port over the client core: each watch has its own loop over its own stream (watch-loop.ts). */
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import type { Client } from "../client/client.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { Kv } from "../ports/kv.ts";
import type { EtcdWatch, EtcdWatchRequest, Watches, WatchStats } from "../ports/watches.ts";
import { MemberVersions } from "./member-versions.ts";
import type { WatchContext, WatchTimes } from "./watch-context.ts";
import { WatchLoop } from "./watch-loop.ts";

const defaultTimes: WatchTimes = {
  // Longer than the transport's keepalive, which detects a dead connection in 15 s: this detects a dead watch.
  silenceMs: 30_000,
  probeMs: 5_000,
  futureMs: 3_000,
};

const watchRequestNames: NamesOf<EtcdWatchRequest> = {
  key: "bytes",
  rangeEnd: "bytes",
  startRevision: "bigint",
  prevKv: "boolean",
  noPut: "boolean",
  noDelete: "boolean",
  progressNotify: "boolean",
  fragment: "boolean",
  views: "boolean",
};

/** @param options.times for tests */
export function createWatches(
  client: Client,
  kv: Kv,
  options: { readonly times?: Partial<WatchTimes> | undefined } = {},
): Watches {
  return new WatchesPort({
    client,
    kv,
    versions: new MemberVersions(client),
    times: { ...defaultTimes, ...options.times },
    counters: { opened: 0, open: 0, reconnects: 0, events: 0, duplicates: 0, faults: 0 },
  });
}

class WatchesPort implements Watches {
  readonly #context: WatchContext;

  constructor(context: WatchContext) {
    this.#context = context;
  }

  open(request: EtcdWatchRequest, call: Pick<EtcdCall, "signal" | "endpoint"> = {}): EtcdWatch {
    checkOptions(call, "watch etcd", { signal: "signal", endpoint: "text" });
    checkOptions(request ?? null, "watch etcd", watchRequestNames, "request");
    return WatchLoop.open(this.#context, request, call);
  }

  stats(): WatchStats {
    return { ...this.#context.counters };
  }
}
