/**
 * Processes that differ over one ledger: some define a kind, some measure it otherwise or not at all, some know it from its
 * record alone, some write it as plain JSON, which keeps no amounts, some seal it under a key that others lack. They end, and others of their sort come: what they charged is folded in.
 * A model says what each object was charged when it was last written;
 * after every step every process's view of the ledger must be that, and a write is taken exactly when it fits.
 */
import { createStore, isStoreError, type Kind, type Resource, type Store, unfamiliarKind } from "keelson";
import { aesGcm, jsonCodec, msgpackCodec } from "keelson/codec";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Random } from "../../src/base/random.ts";
import { MemoryLab } from "../support/etcd/memory-lab.ts";
import { namespacedKind } from "../support/kinds.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { ManualClock } from "../support/time/manual-clock.ts";

interface Job extends Resource {
  spec: { size: number };
}

/** What a job costs differs by process: `factor` slots for each unit of its size. */
const jobKind = (factor: number) =>
  namespacedKind<Job>("Job", {
    group: "batch",
    headerVersion: factor,
    measure: (job) => ({ slots: job.spec.size * factor }),
  });
const unmeasuredJobs = namespacedKind<Job>("Job", { group: "batch" });
const noteKind = namespacedKind("Note");
const unknownJobs: Kind<Resource> = unfamiliarKind({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  scope: "Namespaced",
  keyPath: "batch/jobs",
  nameRule: "subdomain",
});
const key = { id: "k", key: new Uint8Array(32).fill(7) };

interface Process {
  store: Store;
  readonly open: () => Promise<Store>;
  /** "by record": what is on record of the kind is all it knows. */
  readonly jobs: Kind<Job> | "by record" | undefined;
  readonly factor: number;
  readonly notes: boolean;
  /** It writes values that keep no amounts. */
  readonly raw: boolean;
}

/** One object as it was charged last. */
interface Charged {
  slots: number;
  size: number;
  /** What lies in etcd is plain JSON, which every update keeps. */
  raw: boolean;
  readonly gold: boolean;
  marked: boolean;
  finalizers: string[];
}

/** Each process folds in the slots of the dead once in this time, or in up to a quarter more (src/quota/admin/upkeep.ts). */
const foldIntervalMs = 30_000;
const hard = { "count/jobs.batch": 6, "count/notes": 4, slots: 12 };
const goldHard = { "count/jobs.batch": 3, slots: 5 };

class World {
  readonly jobs = new Map<string, Charged>();
  readonly notes = new Set<string>();
  readonly #random: Random;
  readonly #processes: readonly Process[];
  readonly #clock: ManualClock;
  #made = 0;

  constructor(random: Random, clock: ManualClock, processes: readonly Process[]) {
    this.#random = random;
    this.#clock = clock;
    this.#processes = processes;
  }

  async step(): Promise<void> {
    const process = this.#pick(this.#processes);
    const { store } = process;
    const what = this.#random.below(11);
    if (what === 0) expect((await store.quotas.reconcile()).differences).toEqual([]);
    else if (what === 1) await store.quotas.set("default", { hard });
    else if (what === 2) await this.#note(process);
    else if (what <= 5) await this.#create(process);
    else if (what === 6) await this.#update(process);
    else if (what === 7) await this.#replace(process);
    else await this.#delete(process);
    await this.#compare();
  }

  /** A process ends, another of its sort takes its place, and the others' rounds come by. */
  async #replace(process: Process): Promise<void> {
    await process.store.close();
    await this.#clock.sleep(2 * foldIntervalMs);
    process.store = await process.open();
  }

  async #create({ store, jobs, factor, raw }: Process): Promise<void> {
    if (jobs === undefined || jobs === "by record") return;
    const size = 1 + this.#random.below(2);
    const gold = this.#random.below(2) === 0;
    const finalizers = this.#random.below(3) === 0 ? ["example.com/one", "example.com/two"] : [];
    const name = `job-${this.#made++}`;
    const charged: Charged = { slots: size * factor, size, raw, gold, marked: false, finalizers };
    const metadata = { namespace: "default", name, finalizers, labels: gold ? { tier: "gold" } : {} };
    const fits = this.#fits(charged, undefined);
    const created = await told(store.resources(jobs).create({ metadata, spec: { size } }));
    expect(created ?? "ok").toBe(fits ? "ok" : "QUOTA_EXCEEDED");
    if (created === undefined) this.jobs.set(name, charged);
  }

  async #update({ store, jobs, factor, raw }: Process): Promise<void> {
    const [name, before] = this.#pick([...this.jobs]) ?? [];
    if (jobs === undefined || jobs === "by record" || name === undefined || before?.marked !== false) return;
    const size = 1 + this.#random.below(3);
    // Plain JSON is in everybody's form: the same content again is not written.
    const after =
      before.raw && size === before.size
        ? before
        : { ...before, slots: size * factor, size, raw: before.raw || raw };
    const fits = this.#fits(after, before);
    const at = { namespace: "default", name };
    const updated = await told(
      store.resources(jobs).guaranteedUpdate(at, (job) => ({ ...job, spec: { size } })),
    );
    if (updated === "QUOTA_EXCEEDED") expect(fits).toBe(false);
    else {
      expect(updated).toBeUndefined();
      // An update that changes nothing of a stored form that is today's is not written.
      this.jobs.set(name, after);
    }
  }

  /** Whoever has the kind in any way may delete; nothing may refuse it. */
  async #delete({ store, jobs }: Process): Promise<void> {
    const [name, job] = this.#pick([...this.jobs]) ?? [];
    if (jobs === undefined || name === undefined || job === undefined) return;
    const at = { namespace: "default", name };
    const kind = store.resources<Resource>(jobs === "by record" ? unknownJobs : jobs);
    if (!job.marked) {
      expect(await told(kind.delete(at))).toBeUndefined();
      job.marked = true;
    } else {
      const left = job.finalizers.slice(1);
      const release = kind.guaranteedUpdate(at, (one) => ({
        ...one,
        metadata: { ...one.metadata, finalizers: left },
      }));
      expect(await told(release)).toBeUndefined();
      job.finalizers = left;
    }
    if (job.finalizers.length === 0) this.jobs.delete(name);
  }

  async #note({ store, notes }: Process): Promise<void> {
    if (!notes) return;
    const [first] = this.notes;
    if (first !== undefined && this.#random.below(2) === 0) {
      await store.resources(noteKind).delete({ namespace: "default", name: first });
      this.notes.delete(first);
      return;
    }
    const name = `note-${this.#made++}`;
    const created = await told(
      store.resources(noteKind).create({ metadata: { namespace: "default", name } }),
    );
    expect(created ?? "ok").toBe(this.notes.size < hard["count/notes"] ? "ok" : "QUOTA_EXCEEDED");
    if (created === undefined) this.notes.add(name);
  }

  async #compare(): Promise<void> {
    const { store } = this.#pick(this.#processes);
    expect((await store.quotas.get("default")).used).toEqual({
      "count/jobs.batch": this.jobs.size,
      "count/notes": this.notes.size,
      slots: this.#slots(() => true),
    });
    expect((await store.quotas.get("default", { name: "gold" })).used).toEqual({
      "count/jobs.batch": [...this.jobs.values()].filter(({ gold }) => gold).length,
      slots: this.#slots(({ gold }) => gold),
    });
  }

  #slots(of: (job: Charged) => boolean): number {
    return [...this.jobs.values()].filter(of).reduce((sum, { slots }) => sum + slots, 0);
  }

  #fits(after: Charged, before: Charged | undefined): boolean {
    const more = after.slots - (before?.slots ?? 0);
    const one = before === undefined ? 1 : 0;
    const gold = [...this.jobs.values()].filter((job) => job.gold).length;
    const within = (used: number, request: number, limit: number): boolean =>
      request <= 0 || used + request <= limit;
    return (
      within(this.jobs.size, one, hard["count/jobs.batch"]) &&
      within(
        this.#slots(() => true),
        more,
        hard.slots,
      ) &&
      (!after.gold ||
        (within(gold, one, goldHard["count/jobs.batch"]) &&
          within(
            this.#slots((job) => job.gold),
            more,
            goldHard.slots,
          )))
    );
  }

  #pick<T>(all: readonly T[]): T {
    return pick(this.#random, all);
  }
}

function pick<T>(random: Random, all: readonly T[]): T {
  return all[random.below(all.length)] as T;
}

/** The code a call was refused with; undefined when it was not. */
async function told(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (isStoreError(error)) return error.code;
    throw error;
  }
}

/** `work`, with virtual time moving on until it has ended. */
async function driven<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  ended.catch(() => {});
  while (!over) await clock.advance(250);
  return await ended;
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])("use is what was charged, whoever writes (seed %i)", async (seed) => {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  await using lab = new MemoryLab(clock);
  // The sealed world has processes that have the key, and one that does not even know the kind.
  const isSealed = seed % 3 === 0;
  const transforms = isSealed ? { "jobs.batch": aesGcm({ keys: [key] }) } : {};
  const start = async (factor: number, notes: boolean, jobs: Process["jobs"]): Promise<Process> => {
    const own = jobs === undefined ? [] : [jobs === "by record" ? unknownJobs : jobs];
    const kinds = [...own, ...(notes ? [noteKind] : [])];
    const codec = pick(random, [msgpackCodec(), jsonCodec(), jsonCodec({ raw: true })]);
    const sealed = jobs === undefined ? {} : { transforms };
    // What is sealed is in an envelope, whatever the codec.
    const raw = codec.format === "raw-json" && !isSealed;
    const open = (): Promise<Store> =>
      createStore({ etcd: lab.connect(), kinds, codec, compaction: false, ...sealed });
    return { store: await open(), open, jobs, factor, notes, raw };
  };
  // That others write plain JSON is what this is about.
  const warnings = vi.spyOn(process, "emitWarning").mockReturnValue();
  onTestFinished(() => warnings.mockRestore());
  const run = async (): Promise<void> => {
    const processes = [
      await start(1, true, jobKind(1)),
      await start(2, false, jobKind(2)),
      await start(3, false, jobKind(3)),
      await start(0, false, unmeasuredJobs),
      await start(1, true, undefined),
      await start(1, false, "by record"),
    ];
    try {
      const [first] = processes;
      await first?.store.quotas.set("default", { hard });
      await first?.store.quotas.set("default", { name: "gold", hard: goldHard, labelSelector: "tier=gold" });
      const world = new World(random, clock, processes);
      for (let step = 0; step < 120; step++) await world.step();
    } finally {
      for (const { store } of processes) await store.close();
    }
  };
  await driven(clock, run());
});
