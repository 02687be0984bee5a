/**
 * Free TCP ports of the loopback, for local etcds. The system picks them; another program may take one before
 * etcd listens, so callers that let us choose try again with others.
 */
import { createServer, type Server } from "node:net";
import { invariant } from "../../errors.ts";

/** `count` different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  try {
    // All stay open until the end, so that no port is returned twice.
    for (let i = 0; i < count; i++) servers.push(await listenAnywhere());
    return servers.map(portOf);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** One free port, by `freePorts`. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  invariant(port !== undefined, "one port was asked for");
  return port;
}

function listenAnywhere(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0, exclusive: true }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  invariant(typeof address === "object" && address !== null, "a TCP server has an address");
  return address.port;
}
