/**
 * An API server on keelson that works with Kubernetes' own clients and controllers.
 *
 *   npm run api-server -- [options]                  serves until SIGINT or SIGTERM; prints a kubeconfig
 *   node dist/examples/api-server/main.js            serves, asks itself a few things, ends
 *
 * Without --endpoints it starts its own etcd. Several servers may run over one etcd.
 */
import { writeFile } from "node:fs/promises";
import { startApiServer } from "./start/api-server.ts";
import { lookAround } from "./start/look-around.ts";
import { parseOptions, type ServerOptions, usage } from "./start/options.ts";

let options: ServerOptions;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}

await using server = await startApiServer(options);
if (!options.serve) await lookAround(server.url);
else {
  const stopped = new Promise((stop) => process.once("SIGINT", stop).once("SIGTERM", stop));
  if (options.kubeconfig === undefined) console.log(server.kubeconfig);
  else await writeFile(options.kubeconfig, server.kubeconfig, { mode: 0o600 });
  console.log(`# serving on ${server.url}`);
  await stopped;
}
