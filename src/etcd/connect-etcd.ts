/**
 * `connectEtcd`: checks the options, makes the transports, builds the client core and the ports over it, and identifies
 * one endpoint, so that a wrong CA, password or address is reported here, with its cause.
 */

import { type Call, CallScope, callNames } from "../base/call.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { checkOptions, type NamesOf } from "../base/text/known-options.ts";
import { isError } from "../base/text/message-of.ts";
import { quote } from "../base/text/quote.ts";
import { type Clock, systemClock } from "../base/time/clock.ts";
import { invalidArgument, isStoreError } from "../errors.ts";
import { checkCall } from "./client/call-attempt.ts";
import { type ConnectionFault, probeConnection } from "./client/endpoints/connection-probe.ts";
import { type DiscoveryOptions, discoverEndpoints, discoveryNames } from "./client/endpoints/discovery.ts";
import { parseEndpoints } from "./client/endpoints/endpoint-address.ts";
import { Endpoint } from "./client/endpoints/endpoint-set.ts";
import { EtcdClient } from "./client/etcd-client.ts";
import type { Etcd } from "./ports/etcd.ts";
import { createAuth } from "./services/auth.ts";
import { createCluster } from "./services/cluster.ts";
import { createKv } from "./services/kv.ts";
import { createLeases } from "./services/leases.ts";
import { createMaintenance } from "./services/maintenance.ts";
import { type PageReader, readMemberPage } from "./services/member-page.ts";
import { ProxyDetection } from "./services/proxy-detection.ts";
import { TlsSource } from "./transport/tls-source.ts";
import type { EndpointAddress, TlsOptions, TransportFactory } from "./transport/transport.ts";
import { compareVersions } from "./versions/version.ts";
import { reticentVersion } from "./versions/version-facts.ts";
import { createWatches } from "./watch/watches.ts";

/** Options of `connectEtcd`. */
export interface EtcdOptions extends Call {
  /**
   * `"http://127.0.0.1:2379"`, `"unix:///run/etcd.sock"`, several as an array or with commas; all plaintext (http, unix) or all with
   * TLS (https, unixs). Or `discovery`.
   */
  readonly endpoints?: string | readonly string[] | undefined;
  /** Looks the endpoints up in DNS, once, instead of `endpoints`. */
  readonly discovery?: DiscoveryOptions | undefined;
  /**
   * Certificates and keys for `https` and `unixs` endpoints; default: the authorities that Node trusts, no client certificate.
   */
  readonly tls?: TlsOptions | undefined;
  /** User and password of etcd; default none. */
  readonly auth?: AuthOptions | undefined;
  /**
   * Limit of one request to etcd, milliseconds; default 5000. A call without its own `timeoutMs` continues, on another
   * endpoint or the same, for twice this; for a second while every endpoint refuses or has no address. Connecting then fails at once.
   */
  readonly requestTimeoutMs?: number | undefined;
  /** `"etcd3"`: its connections and grpc-js. `"http2"`: our own framing. */
  readonly transport?: "etcd3" | "http2" | (string & {}) | undefined;
  /** Requests in flight, default 128; more wait in a queue. A higher value costs memory and gains little. */
  readonly inFlightMax?: number | undefined;
  /** Also accept etcd 3.5.0 to 3.5.2, which can lose acknowledged data after a crash. */
  readonly allowFaultyVersions?: boolean | undefined;
  /** Clock to use; for tests. */
  readonly clock?: Clock | undefined;
  /** Random source to use; for tests. */
  readonly random?: Random | undefined;
}

/** A user of etcd. */
export interface AuthOptions {
  /** Its name. */
  readonly username: string;
  /** Its password; sent over TLS only, unless `allowPlaintext`. */
  readonly password: string;
  /** Send the password over plaintext connections too. */
  readonly allowPlaintext?: boolean | undefined;
}

const etcdNames: NamesOf<EtcdOptions> = {
  ...callNames,
  endpoints: "texts",
  discovery: "object",
  tls: "object",
  auth: "object",
  requestTimeoutMs: "positive",
  transport: "text",
  inFlightMax: "number",
  allowFaultyVersions: "boolean",
  clock: "clock",
  random: "random",
};
const authNames: NamesOf<AuthOptions> = { username: "text", password: "secret", allowPlaintext: "boolean" };

const requestTimeoutDefaultMs = 5_000;
/** Detects a silent peer within 15 s; etcd refuses pings less than 5 s apart on a connection without streams. */
const keepaliveTimeMs = 10_000;
const keepaliveTimeoutMs = 5_000;

/**
 * Resolves when one endpoint has been identified and has accepted the password.
 * @throws INVALID_ARGUMENT for a bad option; UNAVAILABLE naming the cause as soon as every endpoint has refused, has
 * no address or does not speak the protocol, or when none answers within `timeoutMs` (default twice requestTimeoutMs), or
 * all run faulty versions of etcd; UNAUTHENTICATED; DEADLINE; the signal's reason
 *
 *
 * @example
 * ```ts
 * import { connectEtcd } from "keelson/etcd";
 *
 * const etcd = await connectEtcd({
 *   endpoints: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"],
 *   tls: { ca: { path: "/etc/etcd/ca.crt" }, cert: { path: "/etc/etcd/client.crt" }, key: { path: "/etc/etcd/client.key" } },
 *   timeoutMs: 10_000,
 * });
 * const { kvs } = await etcd.kv.range({ key: "greeting" });
 * console.log(kvs.length);
 * await etcd.close();
 * ```
 */
export async function connectEtcd(options: EtcdOptions): Promise<Etcd> {
  checkOptions(options ?? null, "connect to etcd", etcdNames);
  const factory = await transportFactory(options.transport ?? "http2");
  if (options.discovery === undefined)
    return openEtcd({ ...options, endpoints: options.endpoints ?? [] }, factory);
  using scope = new CallScope(options, options.clock ?? systemClock, "connect to etcd");
  const found = await discovered(options, options.discovery, scope.rest());
  return await openEtcd({ ...options, ...found, ...scope.rest() }, factory);
}

/** Options with the endpoints known. */
type OpenOptions = EtcdOptions & { readonly endpoints: string | readonly string[] };

async function discovered(
  { endpoints, tls }: EtcdOptions,
  discovery: DiscoveryOptions,
  call: Call,
): Promise<Pick<OpenOptions, "endpoints" | "tls">> {
  if (endpoints !== undefined) {
    throw invalidArgument(
      "discovery",
      "Cannot connect to etcd: discovery is given and endpoints too, expected one of them",
    );
  }
  checkOptions(discovery ?? null, "connect to etcd", discoveryNames, "discovery");
  const found = await discoverEndpoints({ ...discovery, ...call });
  const isPlain = found.every((endpoint) => endpoint.startsWith("http:"));
  if (isPlain || discovery.insecure === true) return { endpoints: found, tls };
  const serverName = tls?.serverName ?? discovery.domain.replace(/\.$/, "");
  return { endpoints: found, tls: { ...tls, serverName } };
}

/** `connectEtcd` over a given transport. */
export async function openEtcd(options: OpenOptions, factory: TransportFactory): Promise<Etcd> {
  using scope = new CallScope(options, options.clock ?? systemClock, "connect to etcd");
  const { clock = systemClock } = options;
  const tls = options.tls === undefined ? undefined : new TlsSource(options.tls);
  const client = createClient(options, tls, factory, ({ address }) =>
    probeConnection(address, tls?.current(), clock),
  );
  try {
    await client.connect(scope.rest());
  } catch (error) {
    await client.close();
    throw error;
  }
  return assemble(client, memberPages(options, tls), tls);
}

/**
 * The same without waiting for an endpoint's identification: for a transport in memory.
 * @param probe finds out why an endpoint cannot be reached; without one no endpoint counts as refusing
 */
export function openEtcdAtOnce(
  options: OpenOptions,
  factory: TransportFactory,
  probe?: (endpoint: EndpointAddress) => Promise<ConnectionFault | undefined>,
): Etcd {
  return assemble(
    createClient(options, undefined, factory, probe && (({ address }) => probe(address))),
    () => Promise.resolve(undefined),
    undefined,
  );
}

function createClient(
  options: OpenOptions,
  tls: TlsSource | undefined,
  factory: TransportFactory,
  probe: ((endpoint: Endpoint) => Promise<ConnectionFault | undefined>) | undefined,
): EtcdClient {
  const { auth, clock = systemClock, random = systemRandom } = options;
  const requestTimeoutMs = positive("requestTimeoutMs", options.requestTimeoutMs ?? requestTimeoutDefaultMs);
  const inFlightMax =
    options.inFlightMax === undefined ? undefined : positive("inFlightMax", options.inFlightMax);
  const addresses = parseEndpoints(options.endpoints, tls !== undefined);
  if (tls !== undefined && addresses.some((address) => !address.secure)) {
    throw invalidArgument(
      "tls",
      'Cannot connect to etcd: tls is given and the endpoints say "http" or "unix", expected "https" or "unixs" endpoints: nothing would be encrypted',
    );
  }
  checkAuth(auth);
  if (auth !== undefined && auth.allowPlaintext !== true && addresses.some(overNetworkInClear)) {
    throw invalidArgument(
      "auth",
      "Cannot connect to etcd: the password would travel over plaintext, expected https endpoints or auth.allowPlaintext",
    );
  }
  return new EtcdClient({
    endpoints: addresses.map((address) => {
      const onLost = (): void => endpoint.lost();
      const options = { endpoint: address, tls, keepaliveTimeMs, keepaliveTimeoutMs, clock, random, onLost };
      const endpoint: Endpoint = new Endpoint(address, factory(options));
      return endpoint;
    }),
    auth,
    requestTimeoutMs,
    clock,
    random,
    inFlightMax,
    allowFaultyVersions: options.allowFaultyVersions,
    probe,
  });
}

/** Reads pages from the requested endpoint. */
function memberPages({ endpoints, requestTimeoutMs }: OpenOptions, tls: TlsSource | undefined): PageReader {
  const addresses = parseEndpoints(endpoints, tls !== undefined);
  return async (path, { endpoint, signal, timeoutMs = requestTimeoutMs ?? requestTimeoutDefaultMs }) => {
    const address = addresses.find(({ url }) => url === endpoint);
    return address === undefined ? undefined : readMemberPage(address, tls, { path, signal, timeoutMs });
  };
}

function assemble(client: EtcdClient, readPage: PageReader, tls: TlsSource | undefined): Etcd {
  const kv = createKv(client);
  const maintenance = createMaintenance(client, readPage);
  const proxies = new ProxyDetection({
    endpoints: () => client.stats().endpoints,
    losses: (url) => client.losses(url),
    page: (endpoint, path, timeoutMs) => readPage(path, { endpoint, timeoutMs }),
  });
  const lowestKnown = (): string | undefined => [...client.versions].sort(compareVersions)[0];
  return {
    kv,
    watches: createWatches(client, kv),
    leases: createLeases(client),
    maintenance,
    cluster: createCluster(client),
    auth: createAuth(client),
    history: {
      get generation() {
        return client.generation;
      },
      onReplaced(listener) {
        const end = client.onRestore(() => listener());
        return { [Symbol.dispose]: end };
      },
    },
    endpoints: client.endpoints,
    clock: client.clock,
    random: client.random,
    requestTimeoutMs: client.requestTimeoutMs,
    async serverVersion(call = {}) {
      checkCall(call, "read etcd's version");
      const known = lowestKnown();
      if (known !== undefined) return known;
      const [first = ""] = client.endpoints;
      try {
        return (await maintenance.status({ ...call, endpoint: call.endpoint ?? first })).version;
      } catch (error) {
        if (isStoreError(error, "PERMISSION_DENIED")) return reticentVersion;
        throw error;
      }
    },
    behindGrpcProxy: (call) => proxies.behindGrpcProxy(call),
    stats: () => ({
      ...client.stats(),
      ...(tls === undefined
        ? {}
        : {
            tls: {
              clientCertificateExpiresAt: tls.clientCertificateExpiresAt()?.toISOString(),
              problem: tls.problem,
            },
          }),
    }),
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Traffic over a unix socket stays on this machine. */
function overNetworkInClear({ secure, path }: EndpointAddress): boolean {
  return !secure && path === undefined;
}

function checkAuth(auth: AuthOptions | undefined): void {
  if (auth === undefined) return;
  checkOptions(auth ?? null, "connect to etcd", authNames, "auth");
  for (const name of ["username", "password"] as const) {
    if (typeof auth[name] === "string" && (name === "password" || auth[name] !== "")) continue;
    throw invalidArgument(`auth.${name}`, `Cannot connect to etcd: auth.${name} is no text, or is empty`);
  }
}

function positive(name: string, value: number): number {
  if (!(typeof value === "number" && value > 0)) {
    throw invalidArgument(
      name,
      `Cannot connect to etcd: ${name} is ${quote(value)}, expected a number above 0`,
    );
  }
  return value;
}

async function transportFactory(name: string): Promise<TransportFactory> {
  if (name === "etcd3") return etcd3Transport();
  if (name === "http2") return (await import("./transport/http2/transport-http2.ts")).http2Transport;
  throw invalidArgument(
    "transport",
    `Cannot connect to etcd: transport is "${name}", expected "etcd3", "http2" or none`,
  );
}

/** Loaded on demand: its packages are optional, and etcd3 takes a quarter of a second to read its .proto files. */
async function etcd3Transport(): Promise<TransportFactory> {
  try {
    return (await import("./transport/etcd3/transport.ts")).createEtcd3Transport;
  } catch (error) {
    const missing = missingPackage(error);
    if (missing === undefined) throw error;
    throw invalidArgument(
      "transport",
      `Cannot connect to etcd: the package ${quote(missing)} is not installed, and transport "etcd3" needs it: run "npm install etcd3 @grpc/grpc-js", or leave transport out`,
    );
  }
}

/** The package that Node did not find, if the error says so. */
function missingPackage(error: unknown): string | undefined {
  if (!isError(error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") return;
  return /^Cannot find package '(etcd3|@grpc\/grpc-js)/.exec(error.message)?.[1];
}
