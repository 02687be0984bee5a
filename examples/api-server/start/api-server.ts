/** A whole server: etcd, store and caches, access control, the listener. They stop in the opposite order. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createStore, withCaches } from "keelson";
import { connectEtcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { kubernetesCodec, kubernetesKind, kubernetesKinds } from "keelson/kubernetes";
import { registerMetrics } from "keelson/metrics";
import { Registry } from "prom-client";
import { Access } from "../access/access.ts";
import { ServiceAccountTokens } from "../access/service-account-tokens.ts";
import { Catalog } from "../api/catalog.ts";
import { handlerOf } from "../api/handler.ts";
import { release } from "../api/release.ts";
import { CustomDefinitions } from "../custom/definitions.ts";
import { keepHouse } from "../housekeeping/housekeeping.ts";
import { OpenApi } from "../openapi/documents.ts";
import { bootstrap } from "./bootstrap.ts";
import { type Certificates, certificatesIn } from "./certificates.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import type { ServerOptions } from "./options.ts";
import { readTokens } from "./tokens.ts";

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly kubeconfig: string;
}

/**
 * The store defines namespaces itself; definitions of custom resources are stored in an older version and served in v1.
 */
const kinds = kubernetesKinds({ version: `${release.major}.${release.minor}` })
  .filter(({ kind }) => kind !== "Namespace" && kind !== "CustomResourceDefinition")
  .concat(kubernetesKind("apiextensions.k8s.io/v1", "CustomResourceDefinition"));

/** How long a request may still run after the server begins to stop. */
const graceMs = 5_000;

export async function startApiServer(options: ServerOptions): Promise<ApiServer> {
  const opened: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (let last = opened.pop(); last !== undefined; last = opened.pop()) await last[Symbol.asyncDispose]();
  };
  const opening = async <T extends AsyncDisposable>(one: Promise<T>): Promise<T> => {
    const made = await one;
    opened.push(made);
    return made;
  };
  try {
    return { ...(await open(options, opening)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: ServerOptions,
  opening: <T extends AsyncDisposable>(one: Promise<T>) => Promise<T>,
): Promise<Pick<ApiServer, "url" | "kubeconfig">> {
  const endpoints = options.endpoints ?? (await opening(startEtcd(options))).endpoints;
  const etcd = await opening(connectEtcd({ endpoints }));
  const plain = await opening(createStore({ etcd, kinds, codec: kubernetesCodec() }));
  const store = await opening(Promise.resolve(withCaches(plain)));
  await store.ready();
  const tokens = new ServiceAccountTokens(store, await bootstrap(store));
  const known = await readTokens(options.tokens);
  const access = new Access(store, { rbac: options.rbac, tokens: known, serviceAccounts: tokens });
  const stopping = new AbortController();
  const custom = new CustomDefinitions(store);
  await custom.follow(stopping.signal);
  const house = await keepHouse(store, stopping.signal);
  custom.onChange(() => house.kindsChanged());
  const catalog = new Catalog(
    () => store.kinds,
    (kind) => custom.versionsOf(kind),
  );
  const registry = new Registry();
  registerMetrics(registry, { store: plain });
  const parts = {
    store,
    catalog,
    custom,
    openApi: new OpenApi(catalog),
    access,
    tokens,
    metrics: () => registry.metrics(),
    stopping: stopping.signal,
  };
  const certificates =
    options.tls === undefined ? undefined : await certificatesIn(options.tls, options.host);
  const server = await listen(handlerOf(parts), certificates, options);
  await opening(Promise.resolve({ [Symbol.asyncDispose]: () => stop(server, stopping) }));
  const { port } = server.address() as AddressInfo;
  const url = `${certificates === undefined ? "http" : "https"}://${options.host}:${port}`;
  return { url, kubeconfig: kubeconfigOf(url, certificates) };
}

const startEtcd = ({ data }: ServerOptions): Promise<LocalEtcd> =>
  startLocalEtcd(data === undefined ? {} : { dataDir: join(data, "etcd") });

async function listen(
  handler: RequestListener,
  certificates: Certificates | undefined,
  { host, port }: ServerOptions,
): Promise<Server> {
  const server =
    certificates === undefined
      ? createServer(handler)
      : createTlsServer({ ...certificates, requestCert: true, rejectUnauthorized: false }, handler);
  await new Promise<void>((listening, failed) => {
    server.once("error", failed).listen(port, host, listening);
  });
  return server;
}

/** No new requests; watches end now, other requests may finish. */
async function stop(server: Server, stopping: AbortController): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  stopping.abort();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
