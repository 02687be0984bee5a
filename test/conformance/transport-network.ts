/**
 * What the transport contract plays on: an etcd, and roads to it that can be broken. For adapters of sockets a real etcd and
 * TCP proxies (here); for the in-memory transport a model and its weather (`test/simulation/`).
 */
import { startLocalEtcd } from "../../src/etcd/local/local-etcd.ts";
import { refusingPort } from "../support/peers/refusing-port.ts";
import { TcpProxy } from "../support/peers/tcp-proxy.ts";

/** One road to the server. */
export interface Link extends AsyncDisposable {
  readonly url: string;
  /** Rises with whatever the server sends, also with what never arrives. */
  readonly bytesFromServer: number;
  /** Requests still arrive, answers do not. */
  swallow(): void;
  /** Everything arrives again. */
  pass(): void;
  /** Connections break, with the calls and streams on them; later ones are made anew. */
  cut(): void;
}

export interface TransportNetwork extends AsyncDisposable {
  /** Straight to the server. */
  readonly url: string;
  link(): Promise<Link>;
  /** An endpoint at which nobody listens. */
  nobody(): Promise<string>;
}

/** Cases of the suite that an adapter cannot serve, by name, each with the reason. */
export type Unserved = Readonly<Record<string, string>>;

/** A real etcd behind TCP proxies. */
export async function tcpNetwork(): Promise<TransportNetwork> {
  const etcd = await startLocalEtcd();
  const refusing = await refusingPort();
  return {
    url: etcd.endpoints[0] ?? "",
    link: async () => linkOver(await TcpProxy.start(etcd.clientPort)),
    nobody: async () => `http://127.0.0.1:${refusing.port}`,
    async [Symbol.asyncDispose]() {
      await refusing[Symbol.asyncDispose]();
      await etcd.stop();
    },
  };
}

function linkOver(proxy: TcpProxy): Link {
  return {
    url: proxy.url,
    get bytesFromServer() {
      return proxy.bytesFromServer;
    },
    swallow: () => proxy.set({ mode: "swallow" }),
    pass: () => proxy.set({ mode: "ok" }),
    cut: () => proxy.cut(),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}
