/**
 * Behind etcd's own grpc-proxy, which drops progress requests, and its gateway, which passes bytes on. Both are commands of the etcd
 * program; some builds come without the grpc-proxy.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { promisify } from "node:util";
import { createStore, createWatchCache } from "keelson";
import { connectEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { findEtcd } from "../../../../src/etcd/local/find-etcd.ts";
import { widget, widgetKind } from "../../../conformance/implementation.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { quietPorts } from "../../../support/peers/quiet-ports.ts";
import { skipNote } from "../../../support/skip-note.ts";
import { patientMs, until } from "../../../support/time/patience.ts";
import { liteAt } from "../../etcdctl-lite/lite.ts";

const { path: binary } = await findEtcd();
const has = async (command: string): Promise<boolean> =>
  promisify(execFile)(binary, [command, "start", "--help"]).then(
    ({ stdout }) => stdout.includes("--listen-addr"),
    () => false,
  );
const kinds = [
  ["grpc-proxy", await has("grpc-proxy")],
  ["gateway", await has("gateway")],
] as const;

/** `etcd <command> start` in front of `endpoint`. */
async function startProxy(
  command: string,
  endpoint: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const [port = 0] = await quietPorts(1);
  const address = `127.0.0.1:${port}`;
  const flags = [`--endpoints=${endpoint.replace("http://", "")}`, `--listen-addr=${address}`];
  // Without it the proxy looks for its own endpoints, and gives up.
  if (command === "grpc-proxy") flags.push(`--advertise-client-url=${address}`);
  const child = spawn(binary, [command, "start", ...flags], { stdio: "ignore" });
  const ended = once(child, "exit");
  await until(() => answers(port), `${command} listens`);
  return {
    url: `http://${address}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
const lab = processForAll({ binary });

describe.each(kinds)("behind etcd's %s", (command, there) => {
  test.skipIf(!there)(
    `${command} is recognised, and a cached store works through it${skipNote(!there, `this etcd has no ${command}`)}`,
    async () => {
      const [endpoint = ""] = lab.local.endpoints;
      await using proxy = await startProxy(command, endpoint);
      await using etcd = await connectEtcd({ endpoints: proxy.url, requestTimeoutMs: patientMs });
      await using direct = await connectEtcd({ endpoints: endpoint, requestTimeoutMs: patientMs });
      const isProxy = command === "grpc-proxy";
      expect(await etcd.behindGrpcProxy()).toBe(isProxy);
      expect(await direct.behindGrpcProxy()).toBe(false);

      const { stdout } = await liteAt([proxy.url])(["doctor"]);
      expect(stdout.includes("is etcd's grpc-proxy")).toBe(isProxy);

      // The proxy makes every code "unknown"; what etcd has refused is refused all the same, at once.
      await expect(etcd.leases.revoke(4711n, { ifMissing: "fail" })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      const twice = { type: "put", put: { key: "twice", value: "" } } as const;
      const refused = etcd.kv.txn({ compare: [], success: [twice, twice], failure: [] });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      const { header } = await etcd.kv.put({ key: "once", value: "" });
      await expect(etcd.kv.range({ key: "once", revision: header.revision + 99n })).rejects.toMatchObject({
        code: "FUTURE_VERSION",
      });
      expect(etcd.stats().retries).toBe(0);

      await using store = await createStore({
        etcd,
        kinds: [widgetKind],
        prefix: `/${command}`,
        namespaces: "open",
      });
      const health = await store.health({ timeoutMs: patientMs });
      expect(health).toMatchObject({ ok: true, problems: [], behindGrpcProxy: isProxy });
      const widgets = store.resources(widgetKind);
      await using cache = createWatchCache(widgets);
      await cache.ready();
      await widgets.create(widget("default", "one"));
      for (let i = 0; i < 3; i++) {
        // Elsewhere in etcd: the watch hears nothing of it, and only progress could tell how far it is.
        await direct.kv.put({ key: "/elsewhere", value: String(i) });
        const { items } = await cache.list();
        expect(items.map(({ metadata }) => metadata.name)).toEqual(["one"]);
      }
      // No read has waited in vain for progress that a proxy drops.
      expect(cache.stats().freshTimeouts).toBe(0);
      if (isProxy) expect(cache.stats().etcdReads).toBeGreaterThan(0);
    },
  );
});
