/** The senders over real connections, HTTP/1.1 and HTTP/2: whole lists, gzip, shared frames, slow clients, refusals. */
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { gunzipSync } from "node:zlib";
import { createStore, createWatchCache, isStoreError, type WatchCache } from "keelson";
import {
  jsonRepresentation,
  listQuery,
  type ResponseStream,
  sendDocument,
  sendList,
  sendObject,
  sendWatch,
  watchQuery,
} from "keelson/http";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";

const form = jsonRepresentation(widgetKind);
const ends: (() => unknown)[] = [];
let cache: WatchCache<Widget>;
let create: (name: string, annotations?: Record<string, string>) => Promise<Widget>;
/** Watches that a server is sending. */
let open = 0;
/** Requests under way. */
let answers = 0;

beforeEach(async () => {
  const etcd = memoryEtcd();
  const store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  create = (name, annotations) => {
    const draft = widget("default", name);
    return widgets.create({ ...draft, metadata: { ...draft.metadata, annotations } });
  };
  cache = createWatchCache(widgets, { selfCheckIntervalMs: false });
  await cache.ready();
  ends.push(
    () => cache[Symbol.asyncDispose](),
    () => store.close(),
    () => etcd.close(),
  );
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  open = 0;
});

async function answer(
  url: string,
  acceptEncoding: string | string[] | undefined,
  response: ResponseStream,
): Promise<void> {
  const query = new URL(url, "http://localhost").searchParams;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const { signal } = gone;
  const reader = cache.as(form.view);
  try {
    const name = query.get("name");
    if (query.get("watch") !== null) {
      const options = watchQuery(query);
      open++;
      await sendWatch(response, form, reader.watch({ ...options, signal }), {
        bookmarks: options.bookmarks,
      }).finally(() => open--);
    } else if (name !== null) {
      await sendObject(response, form, await reader.get({ namespace: "default", name }));
    } else {
      await sendList(response, form, await reader.list({ ...listQuery(query), signal }), { acceptEncoding });
    }
  } catch (error) {
    if (!isStoreError(error)) throw error;
    await sendDocument(response, form, error.httpStatus, error.toStatus());
  }
}

async function serve(): Promise<string> {
  const server = createServer((request, response) => {
    answers++;
    void answer(request.url ?? "/", request.headers["accept-encoding"], response).finally(() => answers--);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.unshift(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function lines(response: AsyncIterable<Buffer>, count: number): Promise<unknown[]> {
  let text = "";
  for await (const part of response) {
    text += part.toString("utf8");
    if (text.split("\n").length > count) break;
  }
  return text
    .split("\n")
    .slice(0, count)
    .map((line) => JSON.parse(line) as unknown);
}

async function fetchRaw(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const request = get(url, { headers, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

/** Until `holds` holds; the test's own time limit ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((turn) => setImmediate(turn));
}

describe("HTTP/1.1", () => {
  test("a list has its length, and gzip when it is large and asked for", async () => {
    for (let index = 0; index < 600; index++) await create(`widget-${index}`);
    const url = await serve();
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
    const body = Buffer.from(await plain.arrayBuffer());
    expect(plain.headers.get("content-length")).toBe(String(body.byteLength));
    expect((JSON.parse(body.toString("utf8")) as { items: unknown[] }).items).toHaveLength(600);

    const zipped = await fetchRaw(url, { "accept-encoding": "deflate, gzip;q=0.5" });
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(Buffer.concat(await zipped.toArray())).equals(body)).toBe(true);
    const refused = await fetchRaw(url, { "accept-encoding": "gzip;q=0" });
    expect(refused.headers["content-encoding"]).toBeUndefined();
    refused.destroy();
    const small = await fetchRaw(`${url}?limit=1`, { "accept-encoding": "gzip" });
    expect(small.headers["content-encoding"]).toBeUndefined();
    small.destroy();
  });

  test("an object and a Status are documents", async () => {
    const created = await create("a");
    const url = await serve();
    expect(await (await fetch(`${url}?name=a`)).json()).toEqual(created);
    const missing = await fetch(`${url}?name=b`);
    expect([missing.status, ((await missing.json()) as { reason: string }).reason]).toEqual([
      404,
      "NotFound",
    ]);
  });

  test("every connection gets every event, then the end", async () => {
    const url = await serve();
    const { resourceVersion } = cache;
    const responses = await Promise.all(
      Array.from({ length: 10 }, () =>
        fetchRaw(`${url}?watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=2`),
      ),
    );
    const created: Widget[] = [];
    for (let index = 0; index < 20; index++) created.push(await create(`w-${index}`));
    const wanted = created.map((object) => ({ type: "ADDED", object }));
    for (const response of responses) {
      // The whole answer, to its last chunk: a frame that is not whole would be an error of the parser.
      const body = Buffer.concat(await response.toArray())
        .toString("utf8")
        .trimEnd();
      expect(body.split("\n").map((line) => JSON.parse(line) as unknown)).toEqual(wanted);
    }
    await until(() => open === 0);
  });

  test("BOOKMARKs go to those who take them", async () => {
    await create("a");
    const url = await serve();
    const initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&watch=1&timeoutSeconds=1";
    const with_ = await fetch(`${url}?${initial}&allowWatchBookmarks=true`);
    const types = (text: string): unknown[] =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types(await with_.text())).toEqual(["ADDED", "BOOKMARK", "BOOKMARK"]);
    expect(types(await (await fetch(`${url}?${initial}`)).text())).toEqual(["ADDED"]);
  });

  test("a watch that cannot begin is refused with a Status", async () => {
    const url = await serve();
    const future = await fetch(`${url}?watch=1&resourceVersion=1&sendInitialEvents=maybe`);
    expect(future.status).toBe(400);
  });

  test("a client that goes ends its watch", async () => {
    const url = await serve();
    const response = await fetchRaw(`${url}?watch=1&resourceVersion=${cache.resourceVersion}`);
    await until(() => open === 1);
    response.destroy();
    await until(() => open === 0);
    expect(cache.stats().watchers).toBe(0);
  });

  test("a client of HTTP/1.0 gets events without chunks", async () => {
    const url = await serve();
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
    socket.write(`GET /?watch=1&resourceVersion=${cache.resourceVersion}&timeoutSeconds=1 HTTP/1.0\r\n\r\n`);
    await until(() => open === 1);
    const object = await create("a");
    await once(socket, "close");
    const [head, body = ""] = text.split("\r\n\r\n");
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(JSON.parse(body)).toEqual({ type: "ADDED", object });
  });

  test("a second request on the connection of a watch is answered after it", async () => {
    const url = await serve();
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
    const watch = `/?watch=1&resourceVersion=${cache.resourceVersion}`;
    const twice = [`${watch}&timeoutSeconds=1`, `${watch}&timeoutSeconds=2`];
    socket.write(twice.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
    await until(() => open === 2);
    await create("a");
    await until(() => text.split("0\r\n\r\n").length === 3);
    const [first = "", second = ""] = text.split("0\r\n\r\n");
    for (const answer of [first, second]) expect(answer).toMatch(/^HTTP\/1\.1 200 .*"type":"ADDED"/s);
    socket.destroy();
  });

  test("events larger than what is framed at a time are whole and in order", async () => {
    const url = await serve();
    const { resourceVersion } = cache;
    const big = "x".repeat(250_000);
    for (let index = 0; index < 12; index++) await create(`w-${index}`, { big });
    const body = await (
      await fetch(`${url}?watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=1`)
    ).text();
    const names = body
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { object: Widget }).object.metadata.name);
    expect(names).toEqual(Array.from({ length: 12 }, (_, index) => `w-${index}`));
  });

  test("a client that goes in the middle of a list, plain or compressed, ends its answer", async () => {
    const big = "x".repeat(250_000);
    for (let index = 0; index < 60; index++) await create(`w-${index}`, { big: `${index}${big}` });
    const url = await serve();
    for (const coding of ["identity", "gzip"]) {
      const response = await fetchRaw(url, { "accept-encoding": coding });
      await once(response, "readable");
      response.destroy();
      await once(response, "close");
      const after = await fetch(`${url}?limit=1`);
      expect(((await after.json()) as { items: unknown[] }).items).toHaveLength(1);
    }
    await until(() => answers === 0);
  });

  test("a client that does not read parks its watcher, and has everything when it reads again", async () => {
    const url = await serve();
    const { resourceVersion } = cache;
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    socket.pause();
    socket.write(`GET /?watch=1&resourceVersion=${resourceVersion} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => open === 1);
    const big = "x".repeat(200_000);
    const names = Array.from({ length: 120 }, (_, index) => `w-${index}`);
    for (const name of names) await create(name, { big });
    // More than the sockets of both sides hold: the watcher waits behind, and nothing is buffered for it.
    await until(() => cache.stats().lagging.length === 1);
    let body = "";
    socket.on("data", (part: Buffer) => (body += part.toString("latin1")));
    socket.resume();
    await until(() => body.split('{"type":"ADDED"').length === names.length + 1);
    const seen = [...body.matchAll(/"name":"(w-\d+)"/g)].map(([, name]) => name);
    expect(seen).toEqual(names);
    socket.destroy();
    await until(() => open === 0);
  });
});

describe("HTTP/2", () => {
  test("lists and watches on one connection", async () => {
    const server = createHttp2Server((request, response) => {
      void answer(request.url, request.headers["accept-encoding"], response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    ends.unshift(() => {
      session.destroy();
      server.close();
    });
    const { resourceVersion } = cache;
    const watches = Array.from({ length: 5 }, () =>
      session.request({ ":path": `/?watch=1&resourceVersion=${resourceVersion}` }),
    );
    for (const watch of watches) await once(watch, "response");
    const object = await create("a");
    for (const watch of watches) expect(await lines(watch, 1)).toEqual([{ type: "ADDED", object }]);
    const list = session.request({ ":path": "/" });
    const body = Buffer.concat(await list.toArray()).toString("utf8");
    expect(JSON.parse(body)).toMatchObject({ kind: "WidgetList", items: [object] });
    await until(() => open === 0);
  });
});
