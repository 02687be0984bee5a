/** `connectEtcd`: options checked, transports made, the client core built, the ports put over it. */
import { type Call, CallScope } from "../base/call.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { invalidArgument } from "../errors.ts";
import { parseEndpoints } from "./endpoint-address.ts";
import { Endpoint } from "./endpoint-set.ts";
import { EtcdClient } from "./etcd-client.ts";
import { createKv } from "./kv.ts";
import { createLeases } from "./leases.ts";
import type { Etcd } from "./ports.ts";
import type { TlsOptions, TransportFactory } from "./transport.ts";
import { createWatches } from "./watches.ts";

export interface EtcdOptions extends Call {
  /** `"http://127.0.0.1:2379"`, several as an array or with commas. */
  readonly endpoints: string | readonly string[];
  readonly tls?: TlsOptions | undefined;
  readonly auth?:
    | {
        readonly username: string;
        readonly password: string;
        /** Let the password travel over plaintext connections. */
        readonly allowPlaintext?: boolean | undefined;
      }
    | undefined;
  /** Bound of one request to etcd, milliseconds; default 5000. */
  readonly requestTimeoutMs?: number | undefined;
  readonly transport?: "etcd3" | (string & {}) | undefined;
  /** Time and chance to run on; for tests. */
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const requestTimeoutDefaultMs = 5_000;
/** etcd refuses pings closer than 5 s on a connection without streams. */
const keepaliveTimeMs = 10_000;
const keepaliveTimeoutMs = 5_000;

export async function connectEtcd(options: EtcdOptions): Promise<Etcd> {
  const { tls, clock = systemClock, random = systemRandom } = options;
  const requestTimeoutMs = options.requestTimeoutMs ?? requestTimeoutDefaultMs;
  const addresses = parseEndpoints(options.endpoints, tls !== undefined);
  using scope = new CallScope(options, clock, "connect to etcd");
  const factory = await transportFactory(options.transport ?? "etcd3");
  scope.throwIfEnded();
  const client = new EtcdClient({
    endpoints: addresses.map(
      (endpoint) =>
        new Endpoint(
          endpoint,
          factory({ endpoint, tls, keepaliveTimeMs, keepaliveTimeoutMs, clock, random }),
        ),
    ),
    requestTimeoutMs,
    clock,
    random,
  });
  const notYet = (): never => {
    throw new Error("not built yet");
  };
  const kv = createKv(client);
  return {
    kv,
    watches: createWatches(client, kv),
    leases: createLeases(client),
    get maintenance() {
      return notYet();
    },
    get cluster() {
      return notYet();
    },
    get auth() {
      return notYet();
    },
    endpoints: client.endpoints,
    clock,
    random,
    requestTimeoutMs,
    serverVersion: notYet,
    stats: () => client.stats(),
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function transportFactory(name: string): Promise<TransportFactory> {
  if (name === "etcd3") return (await import("./etcd3/transport.ts")).createEtcd3Transport;
  throw invalidArgument(
    "transport",
    `Cannot connect to etcd: transport is "${name}", expected "etcd3" or none`,
  );
}
