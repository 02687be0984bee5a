/**
 * Ports for what is told its port long before it listens there: below those the system gives out by itself (from 32768 on
 * Linux), so that no listener on port 0 and no outgoing connection takes one in between. Chosen by chance: two processes
 * that choose at once rarely meet.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { systemRandom } from "../../../src/base/random.ts";

const lowest = 15_000;
const highest = 32_000;

/** `count` different ports of 127.0.0.1 where nothing listens. */
export async function quietPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = lowest + systemRandom.below(highest - lowest);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ host: "127.0.0.1", port, exclusive: true });
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
