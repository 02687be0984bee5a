/**
 * HTTP servers of widgets, as in an API server: `keelson/http` over caches. Each cache has several ports, whose
 * connections are cut from time to time, so that readers switch servers at any moment.
 *
 *   cache 0 ── port 0, 2, 4 …        GET /namespaces/{ns}/widgets[/{name}], /widgets; watch, selectors, versions by query
 *   cache 1 ── port 1, 3, 5 …
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isStoreError, type ResourceReader } from "keelson";
import {
  getQuery,
  jsonRepresentation,
  listQuery,
  sendDocument,
  sendList,
  sendObject,
  sendWatch,
  watchQuery,
} from "keelson/http";
import type { Random } from "../../src/base/random.ts";
import { type Valued, Widget } from "./kinds.ts";

/** Between two cuts of all connections of one port. */
const cutEveryMs = 400;

export class HttpEdge {
  readonly #servers: readonly Server[];
  readonly #random: Random;
  readonly #cutting: NodeJS.Timeout;
  #turn = 0;
  /** How often the connections of a port were cut. */
  cuts = 0;

  private constructor(servers: readonly Server[], random: Random) {
    this.#servers = servers;
    this.#random = random;
    this.#cutting = setInterval(() => this.#cut(), cutEveryMs);
  }

  static async open(
    caches: readonly ResourceReader<Valued>[],
    ports: number,
    random: Random,
  ): Promise<HttpEdge> {
    const form = jsonRepresentation(Widget);
    const readers = caches.map((cache) => cache.as(form.view));
    const servers = Array.from({ length: ports }, (_, at) => {
      const reader = readers[at % readers.length];
      if (reader === undefined) throw new Error("an edge has a cache at least");
      return createServer((request, response) => {
        const gone = new AbortController();
        response.once("close", () => gone.abort());
        answer(request, response, reader, gone.signal).catch((error: unknown) => {
          if (response.headersSent || !isStoreError(error)) return void response.destroy();
          return sendDocument(response, form, error.httpStatus, error.toStatus());
        });
      });
    });
    for (const server of servers) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    return new HttpEdge(servers, random);

    async function answer(
      request: IncomingMessage,
      response: ServerResponse,
      reader: ResourceReader<Uint8Array>,
      signal: AbortSignal,
    ): Promise<void> {
      const url = new URL(request.url ?? "/", "http://localhost");
      const [, namespace, name] =
        /^(?:\/namespaces\/([^/]+))?\/widgets(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
      const query = url.searchParams;
      const scope = { signal, ...(namespace === undefined ? {} : { namespace }) };
      if (name !== undefined) {
        return sendObject(
          response,
          form,
          await reader.get({ name, ...scope }, { ...getQuery(query), signal }),
        );
      }
      if (!query.has("watch"))
        return sendList(response, form, await reader.list({ ...listQuery(query), ...scope }));
      const options = watchQuery(query);
      return sendWatch(response, form, reader.watch({ ...options, ...scope }), {
        bookmarks: options.bookmarks,
      });
    }
  }

  /** The next of the ports, as a URL. */
  next(): string {
    const server = this.#servers[this.#turn++ % this.#servers.length];
    const address = server?.address() as AddressInfo | undefined;
    return `http://127.0.0.1:${address?.port}`;
  }

  /** Ends the cuts, so that everything arrives. */
  calm(): void {
    clearInterval(this.#cutting);
  }

  async close(): Promise<void> {
    this.calm();
    await Promise.all(
      this.#servers.map(async (server) => {
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
  }

  #cut(): void {
    this.cuts++;
    this.#servers[this.#random.below(this.#servers.length)]?.closeAllConnections();
  }
}
