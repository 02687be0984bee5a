/**
 * The transports alone: range, put and a create's transaction of 1 KiB through the ports, over each transport, in one
 * run. The difference to bench/reads and bench/writes is the cost of the store.
 */
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { type Load, type LoadFigures, measureByTurns, readable } from "./measure/load.ts";

export interface TransportRow extends LoadFigures {
  readonly transport: string;
  readonly work: string;
  readonly inFlight: number;
  readonly anchor: string;
}

export interface TransportBenchOptions {
  /** Milliseconds a figure, all rounds together; default 1,200. */
  readonly timeMs?: number | undefined;
  readonly inFlight?: readonly number[] | undefined;
}

const transports = ["etcd3", "http2"] as const;
const value = Buffer.alloc(1024, "x");
/** Keys that are read and put repeatedly. */
const keyCount = 1_000;
const anchors: Readonly<Record<string, string>> = {
  "put 64": "Go client: 58 µs, etcd 94",
  "put 256": "Go client: 58 µs, etcd 98",
  "create-txn 64": "Go client: 81 µs, etcd 150",
  "range 256": "Go client: 53 µs, etcd 85",
};

export async function run(options: TransportBenchOptions = {}): Promise<readonly TransportRow[]> {
  const { timeMs = 1_200, inFlight = [1, 16, 64, 256] } = options;
  await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(8 * 2 ** 30)] });
  const clients: { readonly transport: string; readonly etcd: Etcd }[] = [];
  try {
    for (const transport of transports)
      clients.push({ transport, etcd: await connectEtcd({ endpoints: server.endpoints, transport }) });
    let made = 0;
    for (let i = 0; i < keyCount; i++) await clients[0]?.etcd.kv.put({ key: `/raw/${i}`, value });
    const rows: TransportRow[] = [];
    for (const count of inFlight) {
      const loads = clients.flatMap(({ transport, etcd: { kv } }) =>
        [
          {
            work: "range",
            step: () => kv.range({ key: `/raw/${made++ % keyCount}` }),
          },
          { work: "put", step: () => kv.put({ key: `/raw/${made++ % keyCount}`, value }) },
          {
            work: "create-txn",
            step: () => {
              const key = `/made/${made++}`;
              return kv.txn({
                compare: [{ key, target: "mod", result: "=", operand: 0n }],
                success: [{ type: "put", put: { key, value } }],
                failure: [{ type: "range", range: { key } }],
              });
            },
          },
        ].map(({ work, step }) => {
          const load: Load = {
            name: work,
            inFlight: count,
            step: async () => {
              await step();
              return 1;
            },
          };
          return { transport, work, load };
        }),
      );
      const figures = await measureByTurns(
        loads.map(({ load }) => load),
        { timeMs, etcdPid: server.pid },
      );
      for (const [at, { transport, work }] of loads.entries()) {
        const figure = figures[at];
        if (figure === undefined) continue;
        const anchor = anchors[`${work} ${count}`] ?? "";
        rows.push({ transport, work, inFlight: count, ...readable(figure), anchor });
      }
    }
    return rows;
  } finally {
    for (const { etcd } of clients) await etcd.close();
  }
}
