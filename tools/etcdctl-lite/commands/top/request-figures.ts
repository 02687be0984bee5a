/** Requests of a cluster, from its members' metrics pages: the number of each kind since the members started. */

export interface RequestFigures {
  /** Messages from clients, by method ("Range", "Txn", "Watch", "LeaseKeepAlive"); all members together. */
  readonly requests: ReadonlyMap<string, number>;
  /** Watches open now. */
  readonly watchers: number;
  /** Members with a readable page. */
  readonly members: number;
}

const received = /^grpc_server_msg_received_total\{([^}]*)\} (\S+)$/gm;
const method = /grpc_method="([^"]*)"/;
const watchers = /^etcd_debugging_mvcc_watcher_total (\S+)$/m;

/** @param pages Prometheus' text format, one per member; undefined for a member without a page */
export function requestFigures(pages: readonly (string | undefined)[]): RequestFigures {
  const requests = new Map<string, number>();
  let open = 0;
  let members = 0;
  for (const page of pages) {
    if (page === undefined) continue;
    members++;
    open += numberOf(watchers.exec(page)?.[1]);
    for (const [, labels = "", value] of page.matchAll(received)) {
      const name = method.exec(labels)?.[1];
      const count = numberOf(value);
      if (name !== undefined && count > 0) requests.set(name, (requests.get(name) ?? 0) + count);
    }
  }
  return { requests, watchers: open, members };
}

function numberOf(text: string | undefined): number {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) ? value : 0;
}
