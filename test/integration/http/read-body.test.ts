/** A request's body over a real connection: whole, in parts, too large by its length or as it comes, and cut off. */
import { once } from "node:events";
import { createServer, request as requestOf } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { isStoreError } from "keelson";
import { readBody } from "keelson/http";
import { afterEach, beforeEach, expect, test } from "vitest";

let port: number;
let outcomes: Promise<Buffer | string>[];
let close: () => void;

beforeEach(async () => {
  outcomes = [];
  const server = createServer((request, response) => {
    const read = readBody(request, { limitBytes: 1_000 }).then(Buffer.from, (error: unknown) =>
      isStoreError(error) ? error.code : String(error),
    );
    outcomes.push(read);
    void read.finally(() => response.writeHead(200, { connection: "close" }).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  close = () => {
    server.closeAllConnections();
    server.close();
  };
});
afterEach(() => close());

async function outcome(): Promise<Buffer | string | undefined> {
  while (outcomes.length === 0) await new Promise((turn) => setImmediate(turn));
  return outcomes[0];
}

async function post(parts: readonly string[], headers: Record<string, string> = {}): Promise<void> {
  const request = requestOf({ port, method: "POST", headers, agent: false });
  request.on("error", () => undefined);
  for (const part of parts) {
    request.write(part);
    await new Promise((turn) => setTimeout(turn, 5));
  }
  request.end();
}

test("is whole, in one part or in several, or empty", async () => {
  await post(["abc"]);
  expect(String(await outcome())).toBe("abc");
  outcomes = [];
  await post(["a".repeat(500), "b".repeat(500)]);
  expect(String(await outcome())).toBe("a".repeat(500) + "b".repeat(500));
  outcomes = [];
  await post([]);
  expect(String(await outcome())).toBe("");
});

test("above the bound is TOO_LARGE, by its length or as it comes", async () => {
  await post([], { "content-length": "1001" });
  expect(await outcome()).toBe("TOO_LARGE");
  outcomes = [];
  await post(["a".repeat(600), "b".repeat(401)]);
  expect(await outcome()).toBe("TOO_LARGE");
});

test("of a client that goes is an error", async () => {
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
  while (outcomes.length === 0) await new Promise((turn) => setImmediate(turn));
  socket.destroy();
  expect(await outcome()).toBe("UNAVAILABLE");
});
