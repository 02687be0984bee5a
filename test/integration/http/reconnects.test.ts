/**
 * Informers over HTTP, as controllers are: list, watch from there, list again after a 410. They read from ten servers over
 * one etcd, whose connections are cut and whose watches are compacted away meanwhile; at the end each holds what etcd holds.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createStore, isStoreError, type ResourceReader, type ResourceStore, withCaches } from "keelson";
import {
  jsonRepresentation,
  listQuery,
  type Representation,
  sendDocument,
  sendList,
  sendWatch,
  watchQuery,
} from "keelson/http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { untilAllHold, WireInformer, type WireObject } from "../../support/peers/wire-informer.ts";

const servers = 10;
const informers = 40;
const writes = 1_500;
let widgets: ResourceStore<Widget>;
const ends: (() => unknown)[] = [];
const listening: Server[] = [];

const lab = etcdForAll();
beforeAll(async () => {
  for (let at = 0; at < servers; at++) {
    const plain = await createStore({
      etcd: lab.etcd,
      kinds: [widgetKind],
      namespaces: "open",
      compaction: false,
    });
    const store = withCaches(plain, { selfCheckIntervalMs: false });
    await store.ready();
    widgets ??= plain.resources(widgetKind);
    listening.push(await serve(store.resources(widgetKind)));
    ends.unshift(() => store.close());
  }
}, 60_000);
afterAll(async () => {
  for (const server of listening) {
    server.closeAllConnections();
    server.close();
  }
  for (const end of ends) await end();
});

async function serve(resources: ResourceReader<Widget>): Promise<Server> {
  const form = jsonRepresentation(widgetKind);
  const reader = resources.as(form.view);
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    const answered = query.has("watch")
      ? sendWatch(response, form, reader.watch({ ...watchQuery(query), signal: gone.signal }))
      : listed(response, form, reader, query);
    answered.catch((error: unknown) => {
      if (gone.signal.aborted || !isStoreError(error)) return void response.destroy();
      return sendDocument(response, form, error.httpStatus, error.toStatus());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function listed(
  response: Parameters<typeof sendList>[0],
  form: Representation,
  reader: ResourceReader<Uint8Array>,
  query: URLSearchParams,
): Promise<void> {
  await sendList(response, form, await reader.list(listQuery(query)));
}

function informer(seed: number): WireInformer {
  const servers = listening.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const hold = ({ metadata }: WireObject): string => metadata.resourceVersion;
  return new WireInformer({ servers, path: "/", seed, form: "json", begins: "list", hold });
}

test("nothing is lost and nothing comes twice, whatever is cut", async () => {
  const all = Array.from({ length: informers }, (_, seed) => informer(seed));
  try {
    await writeAndCut();
    await untilAllHold(all, await stored(), 20_000);
  } finally {
    await Promise.all(all.map((one) => one.stop()));
  }
  const wanted = await stored();
  for (const { held, faults } of all) {
    expect(faults).toEqual([]);
    expect(held).toEqual(wanted);
  }
  const count = (fact: keyof WireInformer["facts"]): number =>
    all.reduce((sum, { facts }) => sum + facts[fact], 0);
  expect(count("watches")).toBeGreaterThan(informers * 2);
  expect(count("lists")).toBeGreaterThanOrEqual(informers);
}, 120_000);

async function writeAndCut(): Promise<void> {
  // The same world each time.
  let state = 20_26;
  const chance = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const write = async (index: number): Promise<void> => {
    const key = { namespace: "default", name: `w-${chance(300)}` };
    try {
      if (index % 7 === 0) await widgets.delete(key);
      else {
        await widgets.guaranteedUpdate(
          key,
          (now) => ({ ...now, metadata: { ...now.metadata, labels: { at: String(index) } } }),
          { createIfMissing: () => widget("default", key.name) },
        );
      }
    } catch (error) {
      if (!isStoreError(error, "NOT_FOUND")) throw error;
    }
  };
  for (let index = 0; index < writes; index += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, at) => write(index + at)));
    if (index % 50 === 0) listening[chance(servers)]?.closeAllConnections();
    if (index % 500 === 490) {
      const { resourceVersion } = await widgets.list({ limit: 1 });
      await lab.etcd.kv.compact(BigInt(resourceVersion));
    }
  }
}

/** Versions by name. */
async function stored(): Promise<Map<string, string>> {
  const { items } = await widgets.list();
  return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}
