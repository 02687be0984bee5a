/**
 * Every public call that waits, against an etcd that does not answer: stopped, paused, swallowed by the network, refusing
 * from the start, and behind a name nobody knows. Each must end by its `timeoutMs`, and by its signal with the signal's own
 * reason, whatever it waits for: a request, a watch, a lock, a line of others. One request may take half a minute
 * here, so that a call that is bounded by its requests alone is found.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  type AnyResource,
  type Call,
  createStore,
  createWatchCache,
  isStoreError,
  type Store,
  type Watch,
  withCaches,
} from "keelson";
import { deletedVersion, diff, history, openRepository, saveSnapshot, undelete } from "keelson/backup";
import { connectEtcd, type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { probeConnection } from "../../../src/etcd/client/endpoints/connection-probe.ts";
import { openEtcdAtOnce } from "../../../src/etcd/connect-etcd.ts";
import { createEtcd3Transport } from "../../../src/etcd/transport/etcd3/transport.ts";
import { http2Transport } from "../../../src/etcd/transport/http2/transport-http2.ts";
import { folderForAll } from "../../support/for-all.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { refusingPort } from "../../support/peers/refusing-port.ts";
import { TcpProxy } from "../../support/peers/tcp-proxy.ts";

/** Longer than any wait of this file: what ends before it ended by its own bound. */
const requestTimeoutMs = 60_000;
/** Far above what an ended call takes on a loaded machine, far below a request. */
const patienceMs = 10_000;
/** The same for calls of several requests, each of which is patient with an etcd that refuses. */
const refusedPatienceMs = 30_000;
const callMs = 300;
/** A version no store of this file reaches. */
const ahead = "999999";

type Verb = readonly [name: string, run: (call: Call) => Promise<unknown>];

const Widget = namespacedKind<AnyResource>("Widget");
const key = (name: string): { namespace: string; name: string } => ({ namespace: "default", name });
const draft = (name: string): { metadata: { namespace: string; name: string } } => ({ metadata: key(name) });

async function drain(watch: Watch<unknown>): Promise<string> {
  for await (const _ of watch);
  return "ended";
}

/** What each call came to: "ended" for whatever is right, else what is wrong. */
async function outcomes(
  verbs: readonly Verb[],
  call: () => Call,
  reason: unknown,
  boundMs = patienceMs,
): Promise<readonly string[]> {
  const told = await Promise.all(
    verbs.map(async ([name, run]) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve(`${name}: still waiting`), boundMs);
      });
      const outcome = run(call()).then(
        () => "",
        (error: unknown) => {
          // A write that was sent says that its fate is unknown rather than why the call ended.
          if (error === reason || (reason === undefined && isStoreError(error))) return "";
          // A cache answers from memory, refusals are told at once.
          return isStoreError(error, "OUTCOME_UNKNOWN", "UNAVAILABLE", "NOT_FOUND")
            ? ""
            : `${name}: ${String(error)}`;
        },
      );
      return await Promise.race([outcome, late]).finally(() => clearTimeout(timer));
    }),
  );
  return told.filter((text) => text !== "");
}

async function endsAll(verbs: () => readonly Verb[]): Promise<void> {
  expect(await outcomes(verbs(), () => ({ timeoutMs: callMs }), undefined)).toEqual([]);
  const reason = new Error("mine");
  const aborted = (): Call => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), callMs);
    return { signal: abort.signal };
  };
  expect(await outcomes(verbs(), aborted, reason)).toEqual([]);
}

function etcdVerbs(etcd: Etcd): readonly Verb[] {
  const [endpoint = ""] = etcd.endpoints;
  const { kv, leases, maintenance, cluster, auth } = etcd;
  return [
    ["kv.range", (call) => kv.range({ key: "a" }, call)],
    ["kv.put", (call) => kv.put({ key: "a", value: "" }, call)],
    ["kv.deleteRange", (call) => kv.deleteRange({ key: "a" }, call)],
    [
      "kv.txn",
      (call) =>
        kv.txn({ compare: [], success: [{ type: "put", put: { key: "a", value: "" } }], failure: [] }, call),
    ],
    ["kv.compact", (call) => kv.compact(1n, call)],
    ["leases.grant", (call) => leases.grant({ ttlSeconds: 60 }, call)],
    ["leases.hold", (call) => leases.hold({ ttlSeconds: 60 }, call)],
    ["leases.keepAliveOnce", (call) => leases.keepAliveOnce(1n, call)],
    ["leases.shared", (call) => leases.shared(60, call)],
    ["leases.revoke", (call) => leases.revoke(1n, call)],
    ["leases.timeToLive", (call) => leases.timeToLive(1n, call)],
    ["leases.list", (call) => leases.list(call)],
    ["maintenance.status", (call) => maintenance.status({ ...call, endpoint })],
    ["maintenance.metrics", (call) => maintenance.metrics({ ...call, endpoint })],
    ["maintenance.quotaBytes", (call) => maintenance.quotaBytes({ ...call, endpoint })],
    ["maintenance.alarms", (call) => maintenance.alarms(call)],
    ["maintenance.disarm", (call) => maintenance.disarm({ memberId: 1n, type: "NOSPACE" }, call)],
    ["maintenance.defragment", (call) => maintenance.defragment({ ...call, endpoint })],
    ["maintenance.hashKv", (call) => maintenance.hashKv(0n, { ...call, endpoint })],
    ["maintenance.moveLeader", (call) => maintenance.moveLeader(1n, { ...call, endpoint })],
    [
      "maintenance.snapshot",
      async (call) => {
        for await (const _ of maintenance.snapshot(call));
      },
    ],
    ["cluster.members", (call) => cluster.members(call)],
    ["cluster.add", (call) => cluster.add({ peerUrls: ["http://127.0.0.1:1"] }, call)],
    ["cluster.remove", (call) => cluster.remove(1n, call)],
    ["cluster.update", (call) => cluster.update(1n, { peerUrls: ["http://127.0.0.1:1"] }, call)],
    ["cluster.promote", (call) => cluster.promote(1n, call)],
    ["auth.status", (call) => auth.status(call)],
    ["auth.enable", (call) => auth.enable(call)],
    ["auth.disable", (call) => auth.disable(call)],
    ["auth.userAdd", (call) => auth.userAdd("u", { password: "p" }, call)],
    ["auth.userGet", (call) => auth.userGet("u", call)],
    ["auth.userList", (call) => auth.userList(call)],
    ["auth.userDelete", (call) => auth.userDelete("u", call)],
    ["auth.userChangePassword", (call) => auth.userChangePassword("u", "p", call)],
    ["auth.userGrantRole", (call) => auth.userGrantRole("u", "r", call)],
    ["auth.userRevokeRole", (call) => auth.userRevokeRole("u", "r", call)],
    ["auth.roleAdd", (call) => auth.roleAdd("r", call)],
    ["auth.roleGet", (call) => auth.roleGet("r", call)],
    ["auth.roleList", (call) => auth.roleList(call)],
    ["auth.roleDelete", (call) => auth.roleDelete("r", call)],
    [
      "auth.roleGrantPermission",
      (call) => auth.roleGrantPermission("r", { type: "read", key: Buffer.from("a") }, call),
    ],
    ["auth.roleRevokePermission", (call) => auth.roleRevokePermission("r", "a", undefined, call)],
    ["createStore", (call) => createStore({ etcd, kinds: [], compaction: false, ...call })],
  ];
}

function storeVerbs(
  name: string,
  store: Store,
  facts: { readonly token: string; readonly past: string },
): readonly Verb[] {
  const widgets = store.resources(Widget);
  const reads: readonly Verb[] = (
    [
      ["linearizable", { consistency: "linearizable" }],
      ["any", { consistency: "any" }],
      ["not older than a version ahead", { consistency: "notOlderThan", resourceVersion: ahead }],
      ["exact, of the past", { consistency: "exact", resourceVersion: facts.past }],
      ["exact, ahead", { consistency: "exact", resourceVersion: ahead }],
    ] as const
  ).flatMap(([how, read]): readonly Verb[] => [
    [`get ${how}`, (call) => widgets.get(key("w-1"), { read, ...call })],
    [`get of what is not there ${how}`, (call) => widgets.get(key("none"), { read, ...call })],
    [`list ${how}`, (call) => widgets.list({ read, ...call })],
    [
      `list of a name ${how}`,
      (call) => widgets.list({ namespace: "default", fieldSelector: "metadata.name=w-1", read, ...call }),
    ],
  ]);
  const verbs: readonly Verb[] = [
    ...reads,
    ["list of many pages", (call) => widgets.list({ labelSelector: "a=b", limit: 3, ...call })],
    [
      "list with a token",
      (call) => widgets.list({ namespace: "default", limit: 2, continueToken: facts.token, ...call }),
    ],
    ["watch", (call) => drain(widgets.watch(call))],
    [
      "watch from a version",
      (call) => drain(widgets.watch({ resourceVersion: facts.past, bookmarks: true, ...call })),
    ],
    ["watch from a version ahead", (call) => drain(widgets.watch({ resourceVersion: ahead, ...call }))],
    [
      "watch with initial events",
      (call) => drain(widgets.watch({ sendInitialEvents: true, bookmarks: true, ...call })),
    ],
    [
      "watch with initial events ahead",
      (call) => drain(widgets.watch({ sendInitialEvents: true, resourceVersion: ahead, ...call })),
    ],
    [
      "watch.ready",
      async (call) => {
        const watch = widgets.watch({ resourceVersion: ahead });
        try {
          await watch.ready(call);
        } finally {
          await watch[Symbol.asyncDispose]();
        }
      },
    ],
    ["create", (call) => widgets.create(draft("new"), call)],
    ["create dry", (call) => widgets.create(draft("new"), { dryRun: true, ...call })],
    [
      "create of a name to be found",
      (call) => widgets.create({ metadata: { namespace: "default", generateName: "g-" } }, call),
    ],
    [
      "create in another namespace",
      (call) => widgets.create({ metadata: { namespace: "kube-system", name: "a" } }, call),
    ],
    ["create with a time to live", (call) => widgets.create(draft("ttl"), { ttlSeconds: 60, ...call })],
    [
      "update",
      (call) =>
        widgets.update({ apiVersion: "v1", kind: "Widget", ...draft("w-1") } as unknown as AnyResource, call),
    ],
    [
      "guaranteedUpdate",
      (call) => widgets.guaranteedUpdate(key("w-1"), (current) => ({ ...current, n: 1 }), call),
    ],
    [
      "guaranteedUpdate that creates",
      (call) =>
        widgets.guaranteedUpdate(key("made"), (current) => current, {
          createIfMissing: () => draft("made"),
          ...call,
        }),
    ],
    ["delete", (call) => widgets.delete(key("w-1"), call)],
    ["delete that marks", (call) => widgets.delete(key("w-2"), { gracePeriodSeconds: 30, ...call })],
    ["deleteCollection", (call) => widgets.deleteCollection({ namespace: "default", ...call })],
    ["createMany", (call) => widgets.createMany([draft("m-1"), draft("m-2")], call)],
    ["namespaces.create", (call) => store.namespaces.create({ metadata: { name: "more" } }, call)],
    ["namespaces.delete", (call) => store.namespaces.delete({ name: "more" }, call)],
    ["addKind", (call) => store.addKind(Widget, call)],
    ["rewrite", (call) => store.rewrite(Widget, call)],
    ["currentResourceVersion", (call) => store.currentResourceVersion(call)],
    ["health", (call) => store.health(call)],
    ["quotas.set", (call) => store.quotas.set("default", { hard: { "count/widgets": 50 } }, call)],
    [
      "quotas.set, a new one",
      (call) => store.quotas.set("kube-system", { hard: { "count/widgets": 5 } }, call),
    ],
    ["quotas.get", (call) => store.quotas.get("default", call)],
    ["quotas.list", (call) => store.quotas.list(call)],
    ["quotas.remove", (call) => store.quotas.remove("default", call)],
    ["quotas.reconcile", (call) => store.quotas.reconcile("default", call)],
    ["quotas.reconcile of all", (call) => store.quotas.reconcile(undefined, call)],
    [
      "createWatchCache.ready",
      async (call) => {
        await using cache = createWatchCache(widgets);
        await cache.ready(call);
      },
    ],
  ];
  return verbs.map(([verb, run]) => [`${name}: ${verb}`, run]);
}

/** A cache that is not filled waits for etcd, one that is filled serves its watches all the same. */
const waitsForEtcd = /createWatchCache\.ready|^cached store: watch$/;

interface World {
  readonly local: LocalEtcd;
  readonly proxy: TcpProxy;
  readonly verbs: () => readonly Verb[];
  /** Those that end soon without a time of their own where every endpoint refuses. */
  readonly requests: () => readonly Verb[];
  /** Each client has noticed that its connection is lost: what is sent from now on has not left. */
  noticed(): Promise<void>;
  close(): Promise<void>;
}

async function open(transport: string, folder: string): Promise<World> {
  const local = await startLocalEtcd();
  const proxy = await TcpProxy.start(local.clientPort);
  const make = (): Promise<Etcd> => connectEtcd({ endpoints: proxy.url, requestTimeoutMs, transport });
  const etcd = await make();
  const options = { kinds: [Widget], compaction: false } as const;
  const store = await createStore({ etcd, ...options });
  const widgets = store.resources(Widget);
  for (let i = 0; i < 5; i++) await widgets.create(draft(`w-${i}`));
  await store.quotas.set("default", { hard: { "count/widgets": 100 } });
  const page = await widgets.list({ namespace: "default", limit: 2 });
  const facts = { token: page.continueToken ?? "", past: page.resourceVersion };
  // One that has done nothing yet: its token key, sessions, quotas and ledgers are read at their first use.
  const fresh = await createStore({ etcd: await make(), ...options });
  const cached = withCaches(await createStore({ etcd: await make(), ...options }));
  await cached.ready();
  const repository = await openRepository({
    directory: join(folder, `repository-${transport}-${local.pid}`),
  });
  await repository.backup(etcd);
  let files = 0;
  const backup: readonly Verb[] = [
    ["saveSnapshot", (call) => saveSnapshot(etcd, join(folder, `${local.pid}-${++files}.db`), call)],
    ["history", (call) => history(etcd, "/registry/widgets/default/w-1", call)],
    ["diff", (call) => diff(etcd, { from: "1", to: facts.past, prefix: "/registry/" }, call)],
    ["deletedVersion", (call) => deletedVersion(etcd, "/registry/widgets/default/w-1", call)],
    ["undelete", (call) => undelete(store, Widget, key("w-1"), { resourceVersion: facts.past, ...call })],
    ["repository.delta", (call) => repository.delta(etcd, call)],
    ["connectEtcd", (call) => connectEtcd({ endpoints: proxy.url, requestTimeoutMs, transport, ...call })],
  ];
  return {
    local,
    proxy,
    verbs: () => [
      ...storeVerbs("store", store, facts),
      ...storeVerbs("store not used before", fresh, facts),
      ...storeVerbs("cached store", cached, facts),
      ...etcdVerbs(etcd),
      ...backup,
    ],
    requests: () =>
      [
        ...storeVerbs("store", store, facts),
        ...storeVerbs("store not used before", fresh, facts),
        ...storeVerbs("cached store", cached, facts),
        ...etcdVerbs(etcd),
        ...backup,
      ].filter(([name]) => !waitsForEtcd.test(name)),
    async noticed() {
      for (const each of [store, fresh, cached]) await each.currentResourceVersion().catch(() => undefined);
    },
    async close() {
      local.resume();
      // The connection may be closed first, and etcd be gone: a store ends all the same.
      await etcd.close();
      const ended = await outcomes(
        [store, fresh, cached].map((each, i) => [`close ${i}`, (call) => each.close(call)] as const),
        () => ({ timeoutMs: callMs }),
        undefined,
      );
      await proxy.close();
      await local.kill();
      await local.stop();
      expect(ended).toEqual([]);
    },
  };
}

describe.each(["http2", "etcd3"])("over %s, every call ends by its time and its signal", (transport) => {
  const folder = folderForAll();

  test.each<readonly [string, (world: World) => Promise<unknown>, isRefusal: boolean]>([
    ["etcd is paused", ({ local }) => local.pause(), false],
    ["etcd is stopped", ({ local }) => local.kill(), false],
    ["the network swallows everything", async ({ proxy }) => proxy.set({ mode: "blackhole" }), false],
    ["the network swallows answers", async ({ proxy }) => proxy.set({ mode: "swallow" }), false],
    ["connections are refused", async ({ proxy }) => proxy.close(), true],
  ])("while %s", async (_, befall, isRefusal) => {
    const world = await open(transport, folder.path);
    try {
      await befall(world);
      if (isRefusal === true) {
        await world.noticed();
        expect(await outcomes(world.requests(), () => ({}), undefined, refusedPatienceMs)).toEqual([]);
      }
      await endsAll(world.verbs);
    } finally {
      await world.close();
    }
  });

  test.each([
    ["etcd has always refused", true],
    ["nobody knows the host", false],
  ])("while %s", async (_, refuses) => {
    await using port = await refusingPort();
    const endpoints = refuses ? `http://127.0.0.1:${port.port}` : "http://etcd.invalid:2379";
    const factory = transport === "etcd3" ? createEtcd3Transport : http2Transport;
    const etcd = openEtcdAtOnce({ endpoints, requestTimeoutMs }, factory, (endpoint) =>
      probeConnection(endpoint, undefined, systemClock),
    );
    try {
      await endsAll(() => etcdVerbs(etcd));
      // Nor without a time of their own: nothing is learned by asking again for as long as a request may take.
      expect(await outcomes(etcdVerbs(etcd), () => ({}), undefined)).toEqual([]);
      // Connecting says so as soon as every endpoint has: nothing more is learned by waiting.
      const many = [endpoints, refuses ? "http://etcd.invalid:2379" : `http://127.0.0.1:${port.port}`];
      const verbs: readonly Verb[] = [endpoints, many].map((each) => [
        "connectEtcd",
        () => connectEtcd({ endpoints: each, requestTimeoutMs, transport }),
      ]);
      expect(await outcomes(verbs, () => ({}), undefined)).toEqual([]);
      await expect(verbs[0]?.[1]({})).rejects.toThrow(refuses ? /connection refused/ : /is not known/);
    } finally {
      await etcd.close();
    }
  });

  test("a store whose client is closed first, with writes under way, closes at once without a time of its own", async () => {
    await using local = await startLocalEtcd();
    // Some are then on their way, some have not left: which, is a matter of turns.
    for (let turns = 0; turns < 6; turns++) {
      const etcd = await connectEtcd({ endpoints: local.endpoints, requestTimeoutMs, transport });
      const store = await createStore({ etcd, kinds: [Widget], compaction: false });
      const widgets = store.resources(Widget);
      await widgets.create(draft(`warm-${turns}`));
      const creates = Array.from({ length: 40 }, (_, i) =>
        widgets.create(draft(`w-${turns}-${i}`)).catch(() => undefined),
      );
      for (let i = 0; i < turns; i++) await setImmediate();
      await etcd.close();
      expect(await outcomes([["close", () => store.close()]], () => ({}), undefined)).toEqual([]);
      await Promise.all(creates);
    }
  });
});
