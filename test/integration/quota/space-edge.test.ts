/**
 * The edge of etcd's space quota: the write that goes over it is applied and answered "no space", and so is every one
 * that is applied until the alarm stands. Whatever a call says at that edge must be so.
 *
 * Many writers fill a small etcd to the edge; then every outcome is held against what etcd holds. Room is made and it is
 * done again, until some calls have met an applied "no space" (the unit test of no-space-writes meets it for certain).
 */
import { randomBytes } from "node:crypto";
import { createStore, isStoreError, type Resource, type Store } from "keelson";
import { type Etcd, startLocalEtcd } from "keelson/etcd";
import { expect, test } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { until } from "../../support/time/patience.ts";

interface Blob extends Resource {
  data: string;
}
const Blob = namespacedKind<Blob>("Blob");

const quotaBytes = 8 * 1024 * 1024;
const writersPerVerb = 12;
const bulkItems = 8;
/** Where the edge falls within etcd's batches is chance: about every second round meets it. */
const roundsMax = process.env["KEELSON_LONG"] === "1" ? 20 : 3;
const verbs = ["create", "update", "guaranteedUpdate", "delete", "createMany"] as const;
type Verb = (typeof verbs)[number];

/** Nothing that compression could make small: 40,000 characters. */
const data = (): string => randomBytes(30_000).toString("base64");
const nameOf = (verb: Verb, at: number): string => `${verb.toLowerCase()}-${at}`;
const keyOf = (name: string) => ({ namespace: "default", name });

/** What a call said: true, it is done; false, NO_SPACE. */
type Said = Map<string, { readonly verb: Verb; readonly done: boolean; readonly wrote: string | undefined }>;

test.each(await etcdBinaries())(
  "what a write says at the edge of etcd's space is so, on etcd $version",
  { timeout: 180_000 },
  async ({ path }) => {
    await using server = await startLocalEtcd({
      binary: path,
      extraArgs: ["--quota-backend-bytes", String(quotaBytes)],
    });
    await using etcd = await connect(server.endpoints);
    await using store = await createStore({ etcd, kinds: [Blob], compaction: false });
    await store.quotas.set("default", { hard: { "count/blobs": 100_000 } });
    const [endpoint = ""] = server.endpoints;

    for (let round = 1; round <= roundsMax && appliedAllTheSame(store) < 2 * roundsMax; round++) {
      const said = await fillToTheEdge(store);
      const { items } = await store.resources(Blob).list({ namespace: "default" });
      const held = new Map(items.map((blob) => [blob.metadata.name, blob.data]));
      for (const [name, { verb, done, wrote }] of said) {
        expect(
          held.get(name) === wrote,
          `round ${round}: ${verb} of ${name} said ${done ? "done" : "NO_SPACE"}`,
        ).toBe(done);
      }
      await makeRoom(store, etcd, endpoint);
    }
    // A charge rides in its write: whatever was said, the ledger is right; only pure deletes could not pay back.
    for (const { counted, ledger } of (await store.quotas.reconcile()).differences) {
      expect(ledger).toBeGreaterThanOrEqual(counted);
    }
    expect((await store.quotas.reconcile()).differences).toEqual([]);
  },
);

function appliedAllTheSame(store: Store): number {
  const { writes } = store.stats().etcd;
  return Number((writes as { noSpaceApplied?: number }).noSpaceApplied ?? 0);
}

/** Every verb at once, again and again, until each writer has been told NO_SPACE. */
async function fillToTheEdge(store: Store): Promise<Said> {
  const blobs = store.resources(Blob);
  const said: Said = new Map();
  const updated = (["update", "guaranteedUpdate"] as const).flatMap((verb) =>
    Array.from({ length: writersPerVerb }, (_, at) => nameOf(verb, at)),
  );
  for (const name of updated) await blobs.create({ metadata: keyOf(name), data: "" });
  /** Says whether it was done. */
  const note = async (verb: Verb, name: string, wrote: string | undefined, call: Promise<unknown>) => {
    const done = await call.then(
      () => true,
      (error: unknown) => {
        if (!isStoreError(error, "NO_SPACE")) throw error;
        return false;
      },
    );
    said.set(name, { verb, done, wrote });
    return done;
  };
  const writer: Record<Verb, (at: number) => Promise<void>> = {
    create: async (at) => {
      for (let n = at; ; n += writersPerVerb) {
        const draft = { metadata: keyOf(nameOf("create", n)), data: data() };
        if (!(await note("create", draft.metadata.name, draft.data, blobs.create(draft)))) return;
      }
    },
    update: async (at) => {
      const name = nameOf("update", at);
      for (;;) {
        const draft = { ...(await blobs.get(keyOf(name))), data: data() };
        if (!(await note("update", name, draft.data, blobs.update(draft)))) return;
      }
    },
    guaranteedUpdate: async (at) => {
      const name = nameOf("guaranteedUpdate", at);
      for (;;) {
        const wrote = data();
        const call = blobs.guaranteedUpdate(keyOf(name), (blob) => ({ ...blob, data: wrote }));
        if (!(await note("guaranteedUpdate", name, wrote, call))) return;
      }
    },
    delete: async (at) => {
      for (let n = at; ; n += writersPerVerb) {
        const key = keyOf(nameOf("delete", n));
        if (!(await note("create", key.name, "", blobs.create({ metadata: key, data: "" })))) return;
        // Out of space a delete goes pure: it is always done.
        expect(await note("delete", key.name, undefined, blobs.delete(key))).toBe(true);
      }
    },
    createMany: async (at) => {
      for (let n = at; ; n += writersPerVerb) {
        const drafts = Array.from({ length: bulkItems }, (_, i) => ({
          metadata: keyOf(`${nameOf("createMany", n)}-${i}`),
          data: data().slice(0, 10_000),
        }));
        const outcomes = await blobs.createMany(drafts);
        let full = false;
        for (const [i, draft] of drafts.entries()) {
          const outcome = outcomes[i];
          const call = outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve();
          if (!(await note("createMany", draft.metadata.name, draft.data, call))) full = true;
        }
        if (full) return;
      }
    },
  };
  await Promise.all(
    verbs.flatMap((verb) => Array.from({ length: writersPerVerb }, (_, at) => writer[verb](at))),
  );
  return said;
}

/** Nothing left in it, and no alarm: several may be raised for one edge, the last of them after the first was disarmed. */
async function makeRoom(store: Store, etcd: Etcd, endpoint: string): Promise<void> {
  await until(async () => (await etcd.maintenance.alarms()).length > 0, "the alarm stands");
  await store.resources(Blob).deleteCollection({ namespace: "default" });
  await etcd.kv.compact(BigInt(await store.currentResourceVersion()), { physical: true });
  await etcd.maintenance.defragment({ endpoint, timeoutMs: 60_000 });
  let probes = 0;
  await until(async () => {
    for (const alarm of await etcd.maintenance.alarms()) await etcd.maintenance.disarm(alarm);
    const probe = keyOf(`probe-${probes++}`);
    const made = await store
      .resources(Blob)
      .create({ metadata: probe, data: "" })
      .catch((error: unknown) => {
        if (!isStoreError(error, "NO_SPACE")) throw error;
      });
    if (made !== undefined) await store.resources(Blob).delete(probe);
    return made !== undefined;
  }, "there is space again");
}
