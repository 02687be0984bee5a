/**
 * Compares reads directly from etcd (no cache) with plain etcd3, in one run: one object, a whole list, a list in pages.
 * The objects are those of the cache bench, 1 KiB each. The reference is Kubernetes' storage layer in Go on another
 * machine.
 */

import { Etcd3 } from "etcd3";
import { createStore, type ListPage } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { type Item, item, itemKind, load } from "./cache-objects.ts";
import { atLeast, atMost, type Goal, ratioOf } from "./measure/goals.ts";
import { type Load, type LoadFigures, measureByTurns, readable } from "./measure/load.ts";

export interface ReadRow extends LoadFigures {
  readonly work: string;
  readonly inFlight: number;
  readonly objects: number;
  readonly anchor: string;
}

export interface ReadBenchOptions {
  /** Milliseconds a figure, all rounds together; default 1,200. */
  readonly timeMs?: number | undefined;
  readonly inFlight?: readonly number[] | undefined;
  readonly objects?: number | undefined;
}

const prefix = "/bench";
const pageItems = 500;
const anchors: Readonly<Record<string, string>> = {
  "get 64": "80 µs, etcd 67",
  "list 1": "191 ms, CPU 206 ms",
  "walk in pages of 500 1": "216 ms, CPU 197 ms",
  "etcd3 get 256": "Go client: 53 µs, etcd 85",
};

export async function run(options: ReadBenchOptions = {}): Promise<readonly ReadRow[]> {
  const { timeMs = 1_200, inFlight = [1, 16, 64, 256], objects = 10_000 } = options;
  await using server = await startLocalEtcd();
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  await using store = await createStore({
    etcd,
    kinds: [itemKind],
    prefix,
    namespaces: "open",
    compaction: false,
  });
  // A whole list is larger than gRPC's 4 MiB a message; -1 is no limit.
  const grpcOptions = { "grpc.max_receive_message_length": -1 };
  const plain = new Etcd3({ hosts: [...server.endpoints], grpcOptions });
  try {
    await load(store, 0, objects);
    const items = store.resources(itemKind);
    const { kvs } = await etcd.kv.range({
      key: `${prefix}/items/`,
      rangeEnd: `${prefix}/items0`,
      keysOnly: true,
    });
    const keys = kvs.map(({ key }) => Buffer.from(key).toString());
    if (keys.length !== objects) throw new Error(`etcd holds ${keys.length} items, expected ${objects}`);
    let at = 0;
    const next = (): number => (at = (at + 7919) % objects);
    const loads: Load[] = [];
    for (const count of inFlight) {
      loads.push(
        {
          name: "etcd3 get",
          inFlight: count,
          step: async () => {
            await plain.get(keys[next()] ?? "").buffer();
            return 1;
          },
        },
        {
          name: "get",
          inFlight: count,
          step: async () => {
            const { metadata } = item(next());
            await items.get(metadata);
            return 1;
          },
        },
      );
    }
    loads.push(
      {
        name: "etcd3 getAll",
        inFlight: 1,
        step: async () => {
          await plain.getAll().prefix(`${prefix}/items/`).buffers();
          return 1;
        },
      },
      {
        name: "list",
        inFlight: 1,
        step: async () => {
          await items.list();
          return 1;
        },
      },
      {
        name: `walk in pages of ${pageItems}`,
        inFlight: 1,
        step: async () => {
          let page: ListPage<Item> = await items.list({ limit: pageItems });
          while (page.continueToken !== undefined)
            page = await items.list({ limit: pageItems, continueToken: page.continueToken });
          return 1;
        },
      },
    );
    const figures = await measureByTurns(loads, { timeMs, etcdPid: server.pid });
    return loads.flatMap(({ name, inFlight: width }, index): ReadRow[] => {
      const figure = figures[index];
      if (figure === undefined) return [];
      const anchor = anchors[`${name} ${width}`] ?? "";
      return [{ work: name, inFlight: width, objects, ...readable(figure), anchor }];
    });
  } finally {
    plain.close();
  }
}

export function goals(rows: readonly ReadRow[]): readonly Goal[] {
  const of = (work: string): ReadRow | undefined =>
    rows.find((row) => row.work === work && row.inFlight === 64);
  return [
    ...atLeast(
      "get at 64 in flight at least 4 times etcd3",
      ratioOf(of("get")?.opsPerSecond, of("etcd3 get")?.opsPerSecond),
      4,
      (figure) => `${figure.toFixed(2)}x`,
    ),
    ...atMost(
      "get at 64 in flight at most 45 µs client CPU",
      of("get")?.clientCpuUs,
      45,
      (figure) => `${figure.toFixed(2)} µs`,
    ),
  ];
}
