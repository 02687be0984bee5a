/**
 * An etcd in memory with its inside open to a test: who answers what, what the network does, and what time it is.
 * Several clients may be opened over one server.
 */
import type { Clock } from "../../../src/base/time/clock.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { openEtcdAtOnce } from "../../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import type { MethodPath } from "../../../src/etcd/transport/transport.ts";
import type { MemoryNode } from "../../../src/testing/memory-node.ts";
import { MemoryServer } from "../../../src/testing/memory-server.ts";
import { memoryTransport, type Weather } from "../../../src/testing/memory-transport.ts";

/** Answers a unary call in the server's place, or lets it. */
export type Answerer = (
  method: MethodPath,
  request: Uint8Array,
  server: MemoryServer,
) => Uint8Array | Promise<Uint8Array>;

export class MemoryLab implements AsyncDisposable {
  readonly server: MemoryServer;
  readonly #clock: Clock;
  readonly #clients: Etcd[] = [];

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.server = new MemoryServer({ clock });
  }

  connect(options: { readonly weather?: Weather; readonly answer?: Answerer } = {}): Etcd {
    const { server } = this;
    const { answer } = options;
    const node: MemoryNode =
      answer === undefined
        ? server
        : {
            call: (method, request) => answer(method, request, server),
            openWatch: (sink) => server.openWatch(sink),
            keepAlive: (request) => server.keepAlive(request),
          };
    const transport = memoryTransport(() => node, options.weather);
    const etcd = openEtcdAtOnce({ endpoints: "http://memory:2379", clock: this.#clock }, transport);
    this.#clients.push(etcd);
    return etcd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const etcd of this.#clients) await etcd.close();
    this.server.close();
  }
}
