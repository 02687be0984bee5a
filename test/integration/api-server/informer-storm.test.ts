/**
 * Informers through a storm: two API servers over one etcd, writers at both, each server killed without a word and started
 * again, etcd compacted behind everybody's back. Half of the informers read JSON and half Kubernetes' protobuf, half begin
 * with a list and half with a watch. At the end each holds what etcd holds, and none was told anything twice.
 *
 * Short in a run of everything; KEELSON_LONG=1: 50 informers, 10,000 pods, 20,000 writes.
 */
import { createStore, type Resource, type ResourceStore } from "keelson";
import { encodeKubernetesProtobuf, kubernetesCodec, kubernetesKind } from "keelson/kubernetes";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eachAtOnce } from "../../../src/base/each-at-once.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { quietPorts } from "../../support/peers/quiet-ports.ts";
import { untilAllHold, WireInformer, type WireObject } from "../../support/peers/wire-informer.ts";
import { buildProject, type ProgramRun, startProgram } from "../../support/project-run.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const long = process.env["KEELSON_LONG"] === "1";
const size = long
  ? { informers: 50, pods: 10_000, writes: 20_000 }
  : { informers: 12, pods: 400, writes: 1_200 };
const writers = 24;
const kills = 4;
const compactions = 8;
const path = "/api/v1/namespaces/default/pods";
const podKind = kubernetesKind("v1", "Pod");
let pods: ResourceStore<Resource>;
const servers: { readonly url: string; readonly port: number; program: ProgramRun }[] = [];
const ends: (() => unknown)[] = [];

const lab = etcdForAll();
beforeAll(async () => {
  await buildProject();
  for (const port of await quietPorts(2)) {
    servers.push({ port, url: `http://127.0.0.1:${port}`, program: await serve(port) });
  }
  // Not a server's store: what etcd holds, read past every cache.
  const store = await createStore({
    etcd: lab.etcd,
    kinds: [podKind],
    codec: kubernetesCodec(),
    namespaces: "open",
    compaction: false,
  });
  pods = store.resources(podKind);
  ends.push(() => store.close());
}, 600_000);
afterAll(async () => {
  for (const { program } of servers) program.child.kill("SIGKILL");
  await Promise.all(servers.map(({ program }) => program.ended()));
  for (const end of ends) await end();
});

async function serve(port: number): Promise<ProgramRun> {
  const endpoints = [lab.local.endpoints].flat().join(",");
  const options = ["--serve", "--port", String(port), "--endpoints", endpoints];
  const program = await startProgram("dist/examples/api-server/main.js", options);
  await program.said(/serving on http:/);
  return program;
}

test(
  `${size.informers} informers of two servers hold what etcd holds after ${size.writes} writes, kill -9 and compactions`,
  async () => {
    const urls = servers.map(({ url }) => url);
    await eachAtOnce(Array(size.pods).keys(), writers, (at) => send(at, "POST", path, podOf(`p-${at}`, "0")));
    const informers = Array.from(
      { length: size.informers },
      (_, seed) =>
        new WireInformer({
          servers: urls,
          path,
          seed,
          form: seed % 2 === 0 ? "json" : "protobuf",
          begins: seed % 4 < 2 ? "list" : "watch-list",
          hold,
        }),
    );
    try {
      await storm();
      await untilAllHold(informers, await stored(), 60_000);
    } finally {
      await Promise.all(informers.map((one) => one.stop()));
    }
    const wanted = await stored();
    expect(wanted.size).toBeGreaterThan(size.pods / 2);
    for (const { held, faults } of informers) {
      expect(faults).toEqual([]);
      expect(held).toEqual(wanted);
    }
    const sum = (fact: keyof WireInformer["facts"]): number =>
      informers.reduce((total, { facts }) => total + facts[fact], 0);
    expect(sum("watches")).toBeGreaterThan(size.informers * 2);
    expect(sum("events")).toBeGreaterThan(size.writes);
  },
  long ? 1_800_000 : 240_000,
);

/** Writes by all writers; kills and compactions fall between them, at even distances. */
async function storm(): Promise<void> {
  const chance = seededRandom(2026);
  const killEvery = Math.floor(size.writes / kills);
  const compactEvery = Math.floor(size.writes / compactions);
  const restarts: Promise<void>[] = [];
  await eachAtOnce(Array(size.writes).keys(), writers, async (at) => {
    if (at % killEvery === killEvery / 2) restarts.push(killed(Math.floor(at / killEvery) % servers.length));
    if (at % compactEvery === compactEvery - 1) await compact();
    await write(at, `p-${chance.below(size.pods)}`, chance.below(10));
  });
  await Promise.all(restarts);
}

async function write(at: number, name: string, choice: number): Promise<void> {
  if (choice === 0) await send(at, "DELETE", `${path}/${name}?gracePeriodSeconds=0`);
  else if (choice < 3) await send(at, "POST", path, podOf(name, String(at)));
  else {
    const patch = { metadata: { labels: { at: String(at) } } };
    await send(at, "PATCH", `${path}/${name}`, patch, "application/merge-patch+json");
  }
}

/** A request to one server, to the other while that is down. What is refused is no matter here: etcd says what holds. */
async function send(at: number, method: string, to: string, body?: object, type?: string): Promise<void> {
  const binary = type === undefined && body !== undefined && at % 2 === 1;
  const contentType = binary ? "application/vnd.kubernetes.protobuf" : (type ?? "application/json");
  for (let turn = at; turn < at + 1_000; turn++) {
    try {
      const response = await fetch(`${servers[turn % servers.length]?.url}${to}`, {
        method,
        headers: { "content-type": contentType, accept: "application/json" },
        ...(body === undefined
          ? {}
          : { body: binary ? Buffer.from(encodeKubernetesProtobuf(body as never)) : JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      if (response.status < 500 && response.status !== 429) return;
    } catch {
      // Killed before it answered; whether it wrote is for etcd to say.
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${method} ${to}: no server took it`);
}

async function killed(index: number): Promise<void> {
  const server = servers[index];
  if (server === undefined) return;
  server.program.child.kill("SIGKILL");
  await server.program.ended();
  server.program = await serve(server.port);
}

async function compact(): Promise<void> {
  const { resourceVersion } = await pods.list({ limit: 1 });
  await lab.etcd.kv.compact(BigInt(resourceVersion));
}

function podOf(name: string, at: string): object {
  const containers = [{ name: "web", image: "nginx", resources: { requests: { cpu: "10m" } } }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels: { at } }, spec: { containers } };
}

const hold = ({ metadata: { resourceVersion, labels } }: WireObject): string =>
  `${resourceVersion} ${labels?.["at"]}`;

async function stored(): Promise<Map<string, string>> {
  const { items } = await pods.list({ namespace: "default" });
  return new Map(items.map((item) => [item.metadata.name, hold(item as WireObject)]));
}
