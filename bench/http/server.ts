/**
 * The server that bench/http loads: only config maps over HTTP, with the senders of `keelson/http`. It is one process,
 * or several on one port with a cache each.
 *
 *   server ENDPOINT [--tls CERT KEY] [--workers N]     prints {"port":…,"pids":[…]} when it serves; SIGTERM ends it
 */
import cluster from "node:cluster";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import {
  createStore,
  defineKind,
  isStoreError,
  type Resource,
  type ResourceStore,
  withCaches,
} from "keelson";
import { connectEtcd } from "keelson/etcd";
import {
  getQuery,
  jsonRepresentation,
  listQuery,
  readBody,
  sendDocument,
  sendList,
  sendObject,
  sendWatch,
  watchQuery,
} from "keelson/http";

interface ConfigMap extends Resource {
  data: Record<string, string>;
}

// The parent may be killed: its pipe closes, and this process exits.
if (cluster.isPrimary) {
  process.stdin.once("end", () => process.kill(process.pid, "SIGTERM")).resume();
  process.stdin.unref();
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cert: { type: "string" }, key: { type: "string" }, workers: { type: "string", default: "1" } },
});
const [endpoint = ""] = positionals;
const workers = Number(values.workers);

if (workers > 1 && cluster.isPrimary) await serveFromWorkers();
else await serve();

async function serve(): Promise<void> {
  const etcd = await connectEtcd({ endpoints: endpoint });
  const kind = defineKind<ConfigMap>({
    version: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
    scope: "Namespaced",
  });
  const plain = await createStore({
    etcd,
    kinds: [kind],
    namespaces: "open",
    prefix: "/bench",
    compaction: false,
  });
  const store = withCaches(plain);
  await store.ready();
  const handler = handlerOf(store.resources(kind));
  const { cert, key } = values;
  const server =
    cert === undefined || key === undefined
      ? createServer(handler)
      : createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, handler);
  server.listen(0, "127.0.0.1", 4_096);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  if (cluster.isWorker) process.send?.({ port });
  else process.stdout.write(`${JSON.stringify({ port, pids: [process.pid] })}\n`);
  await once(process, "SIGTERM");
  server.closeAllConnections();
  server.close();
  await store.close();
  await etcd.close();
  if (cluster.isWorker) process.exit(0);
}

/** Port 0 is one port for all workers. */
async function serveFromWorkers(): Promise<void> {
  const all = Array.from({ length: workers }, () => cluster.fork());
  const listening = await Promise.all(
    all.map((worker) => once(worker, "message") as Promise<[{ port: number }]>),
  );
  const pids = [process.pid, ...all.map((worker) => worker.process.pid)];
  process.stdout.write(`${JSON.stringify({ port: listening[0]?.[0].port, pids })}\n`);
  await once(process, "SIGTERM");
  for (const worker of all) worker.process.kill("SIGTERM");
  await Promise.all(all.map((worker) => once(worker, "exit")));
  process.exit(0);
}

function handlerOf(maps: ResourceStore<ConfigMap>): RequestListener {
  const form = jsonRepresentation({ group: "", version: "v1", kind: "ConfigMap" });
  const reader = maps.as(form.view);
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || !isStoreError(error)) return void response.destroy();
      return sendDocument(response, form, error.httpStatus, error.toStatus());
    });
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "/";
    const [path = "", search] = url.split("?", 2);
    const query = new URLSearchParams(search);
    const [, , , , namespace, , name] = path.split("/");
    if (request.method === "POST") {
      return sendDocument(response, form, 201, await maps.create((await bodyOf(request)) as ConfigMap));
    }
    if (request.method === "PUT") {
      return sendDocument(response, form, 200, await maps.update((await bodyOf(request)) as ConfigMap));
    }
    if (name !== undefined) {
      return sendObject(response, form, await reader.get({ namespace, name }, getQuery(query)));
    }
    if (query.get("watch") === null) {
      const acceptEncoding = request.headers["accept-encoding"];
      return sendList(response, form, await reader.list({ ...listQuery(query), namespace }), {
        acceptEncoding,
      });
    }
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const options = watchQuery(query);
    const watch = reader.watch({ ...options, namespace, signal: gone.signal });
    return sendWatch(response, form, watch, { bookmarks: options.bookmarks });
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
}
