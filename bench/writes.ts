/**
 * Compares writes to a real etcd with plain etcd3 (put; get, compare and put; delete), in one run: the cost of a verb
 * in time, CPU of this process and CPU of etcd, at several numbers in flight. The reference is Kubernetes' own storage
 * layer in Go (another machine: its CPU column compares, its times do not).
 */

import { Etcd3 } from "etcd3";
import { createStore, createWatchCache, defineKind, isStoreError, type Resource, withCache } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { atLeast, atMost, type Goal, ratioOf } from "./measure/goals.ts";
import { type Load, type LoadFigures, measureByTurns, readable } from "./measure/load.ts";

interface Widget extends Resource {
  spec: { text: string; step: number };
}
const Widget = defineKind<Widget>({ version: "v1", kind: "Widget", plural: "widgets", scope: "Namespaced" });
/** A separate kind for cached objects: otherwise the cache would also process every other write of this process. */
const Cached = defineKind<Widget>({ version: "v1", kind: "Cached", plural: "cacheds", scope: "Namespaced" });

export interface WriteRow extends LoadFigures {
  readonly work: string;
  readonly kib: number;
  readonly inFlight: number;
  /** Attempts per stored mutation of the hot key. */
  readonly tries: number | undefined;
  readonly anchor: string;
}

export interface WriteBenchOptions {
  /** Milliseconds a figure, all rounds together; default 1,200. */
  readonly timeMs?: number | undefined;
  readonly inFlight?: readonly number[] | undefined;
  readonly kib?: readonly number[] | undefined;
}

const plainPut = "etcd3 put";
const plainUpdate = "etcd3 get, compare and put";
const plainDelete = "etcd3 delete";
/** Puts per transaction when keys are prepared: etcd allows 128. */
const putsAtOnce = 100;
const hotKey = "guaranteedUpdate, one key";
const throughCache = "guaranteedUpdate, through the cache";
const hotWriters = 16;
/** Metadata, names and the envelope of a stored widget, bytes: the rest of its size is filler text. */
const metadataBytes = 250;
/** Objects prepared per millisecond of deletes: more than can be deleted. */
const deletesPerMs = 10;
const plainDeletesPerMs = 6;
const bulkDrafts = 1_000;
const namespace = "default";
const anchors: Readonly<Record<string, string>> = {
  "create 1 1": "305 µs, etcd 371",
  "create 1 16": "164 µs, etcd 148",
  "create 1 64": "134 µs, etcd 110",
  "create 10 64": "588 µs, etcd 281",
  [`${throughCache} 1 64`]: "289 µs, etcd 170",
  [`${hotKey} 1 16`]: "12.5 tries, 2,720 µs",
  "delete 1 16": "278 µs, etcd 356",
  "etcd3 put 1 64": "Go client: 58 µs, etcd 94",
  "etcd3 put 1 256": "Go client: 58 µs, etcd 98",
};

export async function run(options: WriteBenchOptions = {}): Promise<readonly WriteRow[]> {
  const { timeMs = 1_200, inFlight = [1, 16, 64, 256], kib = [1, 10] } = options;
  await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(8 * 2 ** 30)] });
  const rows: WriteRow[] = [];
  for (const size of kib) {
    for (const count of inFlight) {
      const bench = await openBench(server.endpoints, size, `/bench-${size}-${count}`);
      try {
        const loads = bench.loads(count, count === inFlight[0]);
        const figures = await measureByTurns(loads, { timeMs, etcdPid: server.pid });
        for (const [at, { name, inFlight: width }] of loads.entries()) {
          const figure = figures[at];
          if (figure === undefined) continue;
          rows.push({
            work: name,
            kib: size,
            inFlight: width,
            ...readable(figure),
            tries: name === hotKey ? bench.hotTries() : undefined,
            anchor: anchors[`${name} ${size} ${width}`] ?? "",
          });
        }
      } finally {
        await bench.close();
      }
    }
  }
  return rows;
}

export function goals(rows: readonly WriteRow[]): readonly Goal[] {
  const of = (work: string, inFlight: number): WriteRow | undefined =>
    rows.find((row) => row.work === work && row.kib === 1 && row.inFlight === inFlight);
  const create = of("create", 64);
  const us = (figure: number): string => `${figure.toFixed(2)} µs`;
  const bulk = rows.find((row) => row.work === "createMany" && row.kib === 1)?.opsPerSecond;
  return [
    ...atLeast(
      "create of 1 KiB at 64 in flight at least 3 times etcd3 put",
      ratioOf(create?.opsPerSecond, of(plainPut, 64)?.opsPerSecond),
      3,
      (figure) => `${figure.toFixed(2)}x`,
    ),
    ...atMost("create of 1 KiB at 64 in flight, client CPU at most 70 µs", create?.clientCpuUs, 70, us),
    ...atMost(
      "guaranteedUpdate through the cache at 64, client CPU at most 80 µs",
      of(throughCache, 64)?.clientCpuUs,
      80,
      us,
    ),
    ...atMost(
      "16 writers on one key at most 2.5 tries a success",
      of(hotKey, hotWriters)?.tries,
      2.5,
      (figure) => `${figure.toFixed(2)} tries a success`,
    ),
    ...atLeast("createMany at least 20,000 objects/s", bulk, 20_000, (figure) => `${figure}/s`),
  ];
}

async function openBench(endpoints: readonly string[], kib: number, prefix: string) {
  const etcd = await connectEtcd({ endpoints });
  const store = await createStore({ etcd, kinds: [Widget, Cached], compaction: false, prefix });
  const plain = new Etcd3({ hosts: [...endpoints] });
  const widgets = store.resources(Widget);
  const cache = createWatchCache(store.resources(Cached), { selfCheckIntervalMs: false });
  await cache.ready();
  const cached = withCache(store.resources(Cached), cache);
  const text = "x".repeat(kib * 1024 - metadataBytes);
  const bytes = Buffer.alloc(kib * 1024, "x");
  let made = 0;
  const draft = (name: string) => ({ metadata: { namespace, name }, spec: { text, step: 0 } });
  const fresh = () => draft(`w-${made++}`);

  /** One object per worker, created once and updated repeatedly. */
  const own = (target: typeof widgets, prefixOfName: string, count: number) => {
    const objects: Widget[] = [];
    return {
      objects,
      prepare: async (): Promise<void> => {
        while (objects.length < count)
          objects.push(await target.create(draft(`${prefixOfName}-${count}-${objects.length}`)));
      },
    };
  };
  let doomed: string[] = [];
  const plainDoomed: string[] = [];
  const hot = { tries: 0, stored: 0, ready: false };

  return {
    hotTries: (): number => hot.tries / hot.stored,
    loads(inFlight: number, first: boolean): readonly Load[] {
      const updated = own(widgets, "updated", inFlight);
      const changed = own(widgets, "changed", inFlight);
      const changedCached = own(cached, "cached", inFlight);
      const change =
        (target: typeof widgets, { objects }: typeof changed) =>
        async (worker: number) => {
          const { name } = objects[worker]?.metadata ?? { name: "" };
          await target.guaranteedUpdate({ namespace, name }, (current) => ({
            ...current,
            spec: { ...current.spec, step: current.spec.step + 1 },
          }));
          return 1;
        };
      const loads: Load[] = [
        {
          name: plainPut,
          inFlight,
          step: async () => {
            await plain.put(`${prefix}-plain/${made++}`).value(bytes);
            return 1;
          },
        },
        {
          name: plainUpdate,
          inFlight,
          prepare: async () => {
            for (let worker = 0; worker < inFlight; worker++)
              await plain.put(`${prefix}-own/${inFlight}-${worker}`).value(bytes);
          },
          step: async (worker) => {
            const key = `${prefix}-own/${inFlight}-${worker}`;
            const { kvs } = await plain.get(key).exec();
            const revision = kvs[0]?.mod_revision ?? "0";
            const { succeeded } = await plain
              .if(key, "Mod", "==", revision)
              .then(plain.put(key).value(bytes))
              .commit();
            if (!succeeded) throw new Error(`somebody else wrote ${key}`);
            return 1;
          },
        },
        {
          name: plainDelete,
          inFlight,
          prepare: async (timeMs) => {
            const missing = Math.ceil(timeMs * plainDeletesPerMs) - plainDoomed.length;
            for (let at = 0; at < missing; at += putsAtOnce) {
              const keys = Array.from({ length: putsAtOnce }, () => `${prefix}-doomed/${made++}`);
              const success = keys.map((key) => ({ type: "put", put: { key, value: bytes } }) as const);
              await etcd.kv.txn({ compare: [], success, failure: [] });
              plainDoomed.push(...keys);
            }
          },
          step: async () => {
            const key = plainDoomed.pop();
            if (key === undefined) return 0;
            await plain.delete().key(key);
            return 1;
          },
        },
        {
          name: "create",
          inFlight,
          step: async () => {
            await widgets.create(fresh());
            return 1;
          },
        },
        {
          name: "update",
          inFlight,
          prepare: updated.prepare,
          step: async (worker) => {
            const current = updated.objects[worker];
            if (current === undefined) return 0;
            const { step } = current.spec;
            updated.objects[worker] = await widgets.update({ ...current, spec: { text, step: step + 1 } });
            return 1;
          },
        },
        { name: "guaranteedUpdate", inFlight, prepare: changed.prepare, step: change(widgets, changed) },
        {
          name: throughCache,
          inFlight,
          prepare: changedCached.prepare,
          step: change(cached, changedCached),
        },
        {
          name: "delete",
          inFlight,
          prepare: async (timeMs) => {
            const missing = Math.ceil(timeMs * deletesPerMs) - doomed.length;
            if (missing <= 0) return;
            const drafts = Array.from({ length: missing }, fresh);
            const outcomes = await widgets.createMany(drafts);
            for (const outcome of outcomes) if (isStoreError(outcome)) throw outcome;
            doomed = [...doomed, ...drafts.map(({ metadata }) => metadata.name)];
          },
          step: async () => {
            const name = doomed.pop();
            if (name === undefined) return 0;
            await widgets.delete({ namespace, name });
            return 1;
          },
        },
      ];
      if (!first) return loads;
      return [
        ...loads,
        {
          name: "createMany",
          inFlight: 1,
          step: async () => {
            const outcomes = await widgets.createMany(Array.from({ length: bulkDrafts }, fresh));
            for (const outcome of outcomes) if (isStoreError(outcome)) throw outcome;
            return outcomes.length;
          },
        },
        {
          name: hotKey,
          inFlight: hotWriters,
          prepare: async () => {
            if (!hot.ready) await widgets.create(draft("hot"));
            hot.ready = true;
          },
          step: async () => {
            await widgets.guaranteedUpdate({ namespace, name: "hot" }, (current) => {
              hot.tries++;
              return { ...current, spec: { text, step: current.spec.step + 1 } };
            });
            hot.stored++;
            return 1;
          },
        },
      ];
    },
    async close(): Promise<void> {
      plain.close();
      await cache[Symbol.asyncDispose]();
      await store.close();
      await etcd.close();
    },
  };
}
