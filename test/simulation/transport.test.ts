/**
 * The transport contract over the in-memory transport, as in unit tests (one server) and as in simulated worlds (three
 * members with lagging followers). The weather and the node do here what a proxy does to sockets.
 */
import { describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/time/clock.ts";
import { parseEndpoint } from "../../src/etcd/client/endpoints/endpoint-address.ts";
import {
  grpcStatus,
  type TransportFactory,
  type TransportOptions,
} from "../../src/etcd/transport/transport.ts";
import type { MemoryNode, StreamSink } from "../../src/testing/memory-node.ts";
import { MemoryServer } from "../../src/testing/memory-server.ts";
import { memoryTransport, type Weather } from "../../src/testing/memory-transport.ts";
import { transportContract } from "../conformance/transport.ts";
import type { Link, TransportNetwork, Unserved } from "../conformance/transport-network.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { SimulatedCluster } from "./cluster.ts";

const unserved: Unserved = {
  "a server stream gives every message in order and then ends":
    "snapshots are no part of the in-memory etcd, and no other call of etcd streams from the server alone",
  "a server stream that is not read holds the server back, and loses nothing":
    "there is no flow-control window; what is not read is counted in replies, see the tests of the watch hub",
};

/** Delay of a response that never arrives: its caller fails when the connection is cut. */
const untilCutMs = 1e12;

/** A network path of the model: its endpoint, its weather, and its open streams. */
class MemoryLink implements Link, MemoryNode {
  readonly url: string;
  readonly #node: MemoryNode;
  readonly #sinks = new Set<StreamSink>();
  readonly #waiting = new Set<() => void>();
  #swallows = false;
  bytesFromServer = 0;

  constructor(url: string, node: MemoryNode) {
    this.url = url;
    this.#node = node;
  }

  readonly weather: Weather = {
    unary: () => (this.#swallows ? { loss: "reply lost", replyDelayMs: untilCutMs } : {}),
    stream: (_method, _endpoint, way) => (this.#swallows && way === "in" ? { loss: "stalled" } : {}),
  };

  /** The client's clock, on which responses that never arrive become due at the cut. */
  clock(clock: Clock): Clock {
    return {
      ...clock,
      setTimer: (delayMs, callback) => {
        if (delayMs !== untilCutMs) return clock.setTimer(delayMs, callback);
        this.#waiting.add(callback);
        return { cancel: () => this.#waiting.delete(callback) };
      },
    };
  }

  async call(...args: Parameters<MemoryNode["call"]>): Promise<Uint8Array> {
    const reply = await this.#node.call(...args);
    this.bytesFromServer += reply.length;
    return reply;
  }

  openWatch(sink: StreamSink): ReturnType<MemoryNode["openWatch"]> {
    this.#sinks.add(sink);
    const stream = this.#node.openWatch(sink);
    return {
      receive: (message) => stream.receive(message),
      close: () => {
        this.#sinks.delete(sink);
        stream.close();
      },
    };
  }

  keepAlive(request: Uint8Array): Uint8Array {
    return this.#node.keepAlive(request);
  }

  swallow(): void {
    this.#swallows = true;
  }

  pass(): void {
    this.#swallows = false;
  }

  cut(): void {
    for (const sink of [...this.#sinks]) sink.end(undefined);
    for (const told of [...this.#waiting]) told();
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
  }
}

/** Network paths to one node; the factory finds the path by the endpoint. */
class MemoryNetwork implements TransportNetwork {
  readonly url = "http://direct:2379";
  readonly #nodes: () => { readonly node: MemoryNode; close(): void };
  readonly #links = new Map<string, MemoryLink>();
  #server: { readonly node: MemoryNode; close(): void } | undefined;

  constructor(nodes: () => { readonly node: MemoryNode; close(): void }) {
    this.#nodes = nodes;
  }

  readonly start = async (): Promise<TransportNetwork> => {
    this.#server = this.#nodes();
    this.#links.set(this.url, new MemoryLink(this.url, this.#server.node));
    return this;
  };

  readonly factory: TransportFactory = (options: TransportOptions) => {
    const link = this.#links.get(options.endpoint.url);
    const refused: Weather = { unary: () => ({ loss: "refused" }), stream: () => ({ loss: "cut" }) };
    const node = (): MemoryNode => {
      if (link === undefined) throw new Error(`nobody is at ${options.endpoint.url}`);
      return link;
    };
    return memoryTransport(
      node,
      link?.weather ?? refused,
    )({ ...options, clock: link?.clock(options.clock) ?? options.clock });
  };

  async link(): Promise<Link> {
    if (this.#server === undefined) throw new Error("the network has not been started");
    const link = new MemoryLink(`http://link-${this.#links.size}:2379`, this.#server.node);
    this.#links.set(link.url, link);
    return link;
  }

  async nobody(): Promise<string> {
    return "http://nobody:2379";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.close();
  }
}

const single = new MemoryNetwork(() => {
  const server = new MemoryServer({ clock: systemClock });
  return { node: server, close: () => server.close() };
});
transportContract("memory", single.factory, single.start, unserved);

/** Through a follower, which responds after it has applied the committed entries. */
const follower = new MemoryNetwork(() => {
  const options = {
    members: 3,
    fragmentBytes: 2 * 1024 * 1024,
    syncIntervalMs: 1,
    pageItemsMax: 0,
    progressDropped: 0,
    lagMs: 5,
  };
  const cluster = new SimulatedCluster(options, systemClock, seededRandom(1), () => undefined);
  return { node: cluster.member(1), close: () => cluster.close() };
});
transportContract("memory, a follower of three", follower.factory, follower.start, unserved);

describe("transport memory", () => {
  test("a server stream says that snapshots are unimplemented", async () => {
    const server = new MemoryServer({ clock: systemClock });
    const transport = memoryTransport(() => server)({
      endpoint: parseEndpoint("http://memory:2379", false),
      keepaliveTimeMs: 10_000,
      keepaliveTimeoutMs: 5_000,
      clock: systemClock,
      random: seededRandom(1),
    });
    const stream = transport.serverStream("/etcdserverpb.Maintenance/Snapshot", new Uint8Array(0));
    await expect(stream.next()).rejects.toMatchObject({ code: grpcStatus.unimplemented, request: "sent" });
    await transport.close();
    server.close();
  });
});
