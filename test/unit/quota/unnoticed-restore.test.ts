/**
 * A restore that a process has not noticed yet: under the old cluster's id, with a new epoch on record of which its watch has
 * not told. What the process remembers of a ledger is of the history before; neither a grant, nor a refusal, nor a count
 * may go by it.
 */
import { createStore, type Resource, type Store } from "keelson";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { openEtcdAtOnce } from "../../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import type { MethodPath } from "../../../src/etcd/transport/transport.ts";
import type { MemoryNode } from "../../../src/testing/memory-node.ts";
import { MemoryServer, type MemorySnapshot } from "../../../src/testing/memory-server.ts";
import { memoryTransport } from "../../../src/testing/memory-transport.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Job extends Resource {
  spec: { size: number };
}
const kind = namespacedKind<Job>("Job", { measure: (job) => ({ slots: job.spec.size }) });
const hard = { slots: 40 };
const bumpedTo = 1_000_000n;
const epochKey = "/keelson/registry/epoch";

const create = (store: Store, name: string, size: number) =>
  store.resources(kind).create({ metadata: { namespace: "default", name }, spec: { size } });

const isLook = (method: MethodPath, request: Uint8Array): boolean =>
  method === "/etcdserverpb.KV/Txn" && Buffer.from(request).includes("/ledger/") && !isGrant(method, request);
const isGrant = (method: MethodPath, request: Uint8Array): boolean =>
  method === "/etcdserverpb.KV/Txn" && Buffer.from(request).includes("/grants");

/** Two processes; one of them is moved to the restored etcd when its next request of a sort comes. */
class World implements AsyncDisposable {
  readonly #server = new MemoryServer({ clock: systemClock });
  readonly #clients: Etcd[] = [];
  #restored: MemoryServer | undefined;
  #movesAt: ((method: MethodPath, request: Uint8Array) => boolean) | undefined;
  #snapshot: MemorySnapshot | undefined;

  /** Watches of a process that moves stay with the old etcd until they are opened again. */
  open(moves: "moves" | "stays"): Promise<Store> {
    const server = (): MemoryServer => (moves === "moves" ? this.#restored : undefined) ?? this.#server;
    const node: MemoryNode = {
      call: (method, request) => {
        if (moves === "moves" && this.#movesAt?.(method, request) === true) this.#restore();
        return server().call(method, request);
      },
      openWatch: (sink) => server().openWatch(sink),
      keepAlive: (request) => server().keepAlive(request),
    };
    const transport = memoryTransport(() => node);
    const etcd = openEtcdAtOnce({ endpoints: "http://memory:2379", clock: systemClock }, transport);
    this.#clients.push(etcd);
    return createStore({ etcd, kinds: [kind], compaction: false });
  }

  save(): void {
    this.#snapshot = this.#server.save();
  }

  /** The snapshot is put back, as keelson does it under the old token, when such a request comes. */
  restoreAt(movesAt: (method: MethodPath, request: Uint8Array) => boolean): void {
    this.#movesAt = movesAt;
  }

  /** Of the old etcd, behind the store's back: its ledger is not told. */
  removeObject(name: string): void {
    this.#server.mvcc.deleteRange({ key: `/registry/jobs/default/${name}` });
  }

  #restore(): void {
    this.#movesAt = undefined;
    this.#restored = new MemoryServer({ clock: systemClock, snapshot: this.#snapshot });
    this.#restored.mvcc.bump(bumpedTo, [{ key: epochKey, value: "another" }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const etcd of this.#clients) await etcd.close();
    this.#server.close();
    this.#restored?.close();
  }
}

let world = new World();
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  world = new World();
});

describe("in the restored history", () => {
  test.each([
    ["the ledger is read", isLook],
    ["room is granted by what was read before", isGrant],
  ])("a quota holds where more was in use, when it comes before %s", async (_, movesAt) => {
    await using other = await world.open("stays");
    await other.quotas.set("default", { hard });
    await create(other, "a", 5);
    world.save();
    await other.resources(kind).delete({ namespace: "default", name: "a" });
    await using store = await world.open("moves");
    // The process knows the ledger as it is now: all of it is free.
    await expect(create(store, "b", 41)).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    world.restoreAt(movesAt);
    await expect(create(store, "b", 38)).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect((await store.quotas.get("default")).used).toEqual({ slots: 5 });
  });

  test("a write is not refused by use that is no longer there", async () => {
    await using other = await world.open("stays");
    await other.quotas.set("default", { hard });
    await create(other, "a", 1);
    world.save();
    // Within the room of the same slot: nothing else of the ledger changes.
    for (const name of ["b", "c", "d"]) await create(other, name, 1);
    await using store = await world.open("moves");
    await expect(create(store, "e", 41)).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    world.restoreAt(isLook);
    await create(store, "e", 39);
    expect((await store.quotas.get("default")).used).toEqual({ slots: 40 });
  });

  test("what reconcile counted in the history before is not written", async () => {
    await using other = await world.open("stays");
    await other.quotas.set("default", { hard });
    await create(other, "a", 5);
    world.save();
    world.removeObject("a");
    await using store = await world.open("moves");
    world.restoreAt(isGrant);
    expect((await store.quotas.reconcile()).differences).toEqual([]);
    expect((await store.quotas.get("default")).used).toEqual({ slots: 5 });
  });
});
