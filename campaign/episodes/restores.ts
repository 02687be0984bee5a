/**
 * F31, F32: etcd is restored from a snapshot several times in one run, while processes keep running: without and with a
 * revision bump. The processes differ: one has kinds that the others lack and reads from a cache, one writes another
 * codec.
 *
 *   era 0 ── traffic ── snapshot ── traffic ──┤ etcd stops            the same data is read once more for the truth
 *                           └─ restored ─► era 1 ── traffic ── …
 *
 * Each era is checked separately: its calls and results against its own log. A call that began in one era and was
 * answered in the next must be true in the next; a watch of one era must deliver nothing of another.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createStore, defineKind, type Store, withCaches } from "keelson";
import { restoreSnapshot, saveSnapshot } from "keelson/backup";
import { jsonCodec } from "keelson/codec";
import { connectEtcd, type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import type { CallRecord, HistoryLine, TruthRecord } from "../checkers/history.ts";
import { RunHistory } from "../checkers/run-history.ts";
import { formatViolation, verdictOf } from "../checkers/verdict.ts";
import { Doc, docsPrefix, Lab, readDocs } from "../controls/lab.ts";
import { RecordedDocs, RecordedWatch } from "../controls/recorded-docs.ts";
import { type Act, type Play, type Scene, until } from "./episode.ts";

const plain = { kind: "F31", name: "restores without a bump under living processes" } as const;
const bumped = { kind: "F32", name: "restores under living processes" } as const;

const rounds = 3;
/** Traffic before and after the snapshot of an era. */
const partMs = 1_500;
const callMs = 1_500;
const patientMs = 20_000;
const names = 12;
/** Time for watchers to receive the last changes. */
const arrivalMs = 3_000;

const Note = defineKind({ version: "v1", kind: "Note", plural: "notes", scope: "Namespaced" });

export const restores: Play = {
  name: "restores under living processes",
  episodes: [plain, bumped],
  prepare: async () => ({ cluster: {} }),
  async act(scene) {
    await scene.episode(plain, "an etcd of its own", () => play(scene, "plain"));
    await scene.episode(bumped, "an etcd of its own", () => play(scene, "bumped"));
  },
};

/** The time in which one history of etcd was served. */
interface Era {
  readonly startNs: number;
  readonly endNs: number;
  readonly truth: readonly TruthRecord[];
  /** The last revision shared with the previous era; 0n for the first. */
  readonly inherited: bigint;
  /** Whether its log reaches back before its beginning: not after a bump, which compacts. */
  readonly hasPast: boolean;
}

async function play(scene: Scene, how: "plain" | "bumped"): Promise<Act> {
  const folder = join(scene.stage.folder, `restores-${how}`);
  let server = await startLocalEtcd({ dataDir: join(folder, "0") });
  const { endpoints, clientPort } = server;
  const eras: Era[] = [];
  let observed: Etcd | undefined;
  try {
    observed = await connectEtcd({ endpoints, requestTimeoutMs: patientMs });
    const lab = Lab.over(observed);
    const crowd = await Crowd.open(lab, endpoints, scene);
    // For an era whose beginning the bump has compacted: its state at the beginning.
    let before: readonly TruthRecord[] = [];
    let from = 1n;
    let inherited = 0n;
    let startNs = lab.now();
    let epoch = "";
    let noticed = 0;
    for (let round = 0; round <= rounds; round++) {
      const found = await crowd.epochAfter(epoch);
      if (epoch !== "") noticed++;
      epoch = found;
      await delay(partMs);
      const snapshot = join(folder, `${round}.db`);
      const saver = await connectEtcd({ endpoints, requestTimeoutMs: patientMs });
      await saveSnapshot(saver, snapshot, { timeoutMs: patientMs });
      await saver.close();
      await delay(partMs);
      if (round === rounds) await crowd.end();
      await server.stop();
      // No call is answered until the next etcd starts, so all earlier responses are from this one.
      const truth = [...before, ...(await truthOf(server.dataDir, from))];
      eras.push({ startNs, endNs: lab.now(), truth, inherited, hasPast: how === "plain" || round === 0 });
      if (round === rounds) break;
      const dataDir = join(folder, `${round + 1}`);
      const report = await restoreSnapshot(snapshot, {
        dataDir,
        ...(how === "plain" ? { bumpRevision: false } : {}),
      });
      inherited = BigInt(report.toRevision);
      startNs = lab.now();
      server = await startLocalEtcd({ dataDir, clientPort });
      if (how === "bumped") {
        const revision = BigInt(report.revision);
        before = await stateAt(endpoints, revision);
        from = revision + 1n;
      }
    }
    const broken = [...judge(lab.sink.lines, eras), ...crowd.failures];
    const calls = lab.sink.lines.filter(({ line }) => line === "call").length;
    return {
      bite:
        noticed === rounds
          ? `${rounds} restores under 3 processes in ${calls} calls, each noticed as another epoch`
          : undefined,
      broken,
    };
  } finally {
    await observed?.close();
    await server.stop();
  }
}

/** The clients of three processes, on one etcd that is set back in time. */
class Crowd {
  readonly failures: string[] = [];
  readonly #lab: Lab;
  readonly #scene: Scene;
  readonly #stores: Store[] = [];
  readonly #clients: Etcd[] = [];
  readonly #callers: Promise<void>[] = [];
  readonly #watchers: Promise<void>[] = [];
  readonly #quiet = new AbortController();
  readonly #stop = new AbortController();
  readonly #stopped = aborted(this.#stop.signal);
  #values = 0;

  private constructor(lab: Lab, scene: Scene) {
    this.#lab = lab;
    this.#scene = scene;
  }

  static async open(lab: Lab, endpoints: readonly string[], scene: Scene): Promise<Crowd> {
    const crowd = new Crowd(lab, scene);
    const common = { namespaces: "open", compaction: false, timeoutMs: patientMs } as const;
    const several = { ...common, kinds: [Doc, Note] };
    const stores = [
      await createStore({ ...several, etcd: await crowd.#connect(endpoints) }),
      await createStore({
        ...common,
        kinds: [Doc],
        etcd: await crowd.#connect(endpoints),
        codec: jsonCodec(),
      }),
      await createStore({ ...common, kinds: [Doc], etcd: await crowd.#connect(endpoints) }),
    ];
    crowd.#stores.push(...stores);
    const [first] = stores;
    if (first === undefined) throw new Error("no store");
    const cached = await withCaches(first);
    await cached.ready({ timeoutMs: patientMs });
    const readers = [cached, ...stores.slice(1)];
    for (const [at, store] of readers.entries()) {
      for (const client of [0, 1]) {
        crowd.#callers.push(crowd.#calls(`client-${at}-${client}`, store));
      }
      crowd.#watchers.push(crowd.#watches(store));
    }
    return crowd;
  }

  /** The epoch of all stores, once they agree on one other than `before`. */
  async epochAfter(before: string): Promise<string> {
    let found: readonly string[] = [];
    await until("every process has noticed the restore", async () => {
      found = await Promise.all(
        this.#stores.map(async (store) => (await store.health({ timeoutMs: callMs })).epoch ?? ""),
      );
      return found.every((epoch) => epoch !== "" && epoch !== before && epoch === found[0]);
    });
    return found[0] ?? "";
  }

  async end(): Promise<void> {
    this.#quiet.abort();
    await Promise.all(this.#callers);
    // All writes have ended; watchers receive the rest.
    await delay(arrivalMs);
    this.#stop.abort();
    await Promise.all(this.#watchers);
    for (const store of this.#stores) await store.close();
    for (const etcd of this.#clients) await etcd.close();
  }

  async #connect(endpoints: readonly string[]): Promise<Etcd> {
    const etcd = await connectEtcd({ endpoints, requestTimeoutMs: callMs });
    this.#clients.push(etcd);
    return etcd;
  }

  async #calls(client: string, store: Pick<Store, "resources">): Promise<void> {
    const docs = new RecordedDocs(this.#lab, client, store.resources(Doc));
    while (!this.#quiet.signal.aborted) {
      const name = `d-${this.#scene.below(names)}`;
      const value = `${client}.${++this.#values}`;
      switch (this.#scene.below(6)) {
        case 0:
        case 1:
          await docs.create(name, value, callMs);
          break;
        case 2: {
          const doc = await docs.get(name);
          if (doc !== undefined) await docs.update(doc, value, callMs);
          break;
        }
        case 3:
          await docs.delete(name);
          break;
        case 4:
          await docs.list();
          break;
        default:
          await docs.get(name);
      }
      await delay(5);
    }
  }

  async #watches(store: Pick<Store, "resources">): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const watch = new RecordedWatch(this.#lab, store.resources(Doc));
      await Promise.race([watch.ended, this.#stopped]);
      if (this.#stop.signal.aborted) await watch.stop();
      else await delay(50);
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Etcd's log from `from` on, read again from its data, after all writes have ended. */
async function truthOf(dataDir: string, from: bigint): Promise<readonly TruthRecord[]> {
  const server: LocalEtcd = await startLocalEtcd({ dataDir });
  try {
    await using lab = Lab.over(
      await connectEtcd({ endpoints: server.endpoints, requestTimeoutMs: patientMs }),
    );
    await lab.recordTruth(docsPrefix, undefined, from);
    return lab.sink.lines.filter((line) => line.line === "truth");
  } finally {
    await server.stop();
  }
}

/** The state at a revision, as the changes that made it. */
async function stateAt(endpoints: readonly string[], revision: bigint): Promise<readonly TruthRecord[]> {
  await using etcd = await connectEtcd({ endpoints, requestTimeoutMs: patientMs });
  const read = readDocs(etcd);
  const { kvs } = await etcd.kv.range({ key: docsPrefix, rangeEnd: `${docsPrefix.slice(0, -1)}0`, revision });
  return await Promise.all(
    kvs.map(async ({ key, value, modRevision, createRevision }): Promise<TruthRecord> => {
      const name = Buffer.from(key).toString();
      return {
        line: "truth",
        type: "put",
        key: name,
        revision: modRevision,
        createRevision,
        ...(await read(name, value)),
      };
    }),
  );
}

/** The violations, era by era. */
function judge(lines: readonly HistoryLine[], eras: readonly Era[]): readonly string[] {
  let past: readonly CallRecord[] = [];
  return eras.flatMap((era, at) => {
    const endOfLast = eras[at - 1]?.endNs ?? 0;
    const own = lines.flatMap((line): readonly HistoryLine[] => ofEra(line, era, endOfLast));
    const opened = new Set(own.flatMap((line) => (line.line === "stream-open" ? [line.stream] : [])));
    const kept = own.filter(
      (line) => (line.line !== "stream-batch" && line.line !== "stream-end") || opened.has(line.stream),
    );
    const authors = past.filter((call) => isInherited(call, era)).map((call) => authorOf(call, era));
    const history = new RunHistory([...authors, ...kept, ...era.truth]);
    const verdict = verdictOf(history, { only: ["C1", "C2", "C3", "C7"] });
    past = [...authors, ...kept.filter((line) => line.line === "call")];
    const strays = lines.flatMap((line) =>
      line.line === "stream-batch" &&
      opened.has(line.stream) &&
      line.atNs > (eras[at + 1]?.startNs ?? Infinity)
        ? [`a watch of era ${at} tells of another: ${JSON.stringify(line.events.length)} events`]
        : [],
    );
    return [
      ...verdict.violations.map((violation) => `era ${at}: ${formatViolation(violation)}`),
      ...verdict.void.map((checker) => `era ${at}: ${checker} had nothing to look at`),
      ...strays,
    ];
  });
}

/** A write of an earlier era that this era contains, or may contain. */
function isInherited(call: CallRecord, { truth, inherited }: Era): boolean {
  if (!isWrite(call)) return false;
  if (call.class === "unknown") return true;
  const { revision = 0n, key, value } = call;
  if (call.class !== "ok" || revision > inherited) return false;
  return truth.some((change) => change.revision === revision && change.key === key && change.value === value);
}

/** Without the log of the past only the state is known; its authors count as having made it from nothing. */
function authorOf(call: CallRecord, { hasPast }: Era): CallRecord {
  return hasPast ? call : { ...call, ...openEnd, op: "create", guard: 0n };
}

/** The line as it applies to the era; undefined if it does not. */
function ofEra(line: HistoryLine, { startNs, endNs }: Era, endOfLast: number): readonly HistoryLine[] {
  if (line.line === "stream-open") return line.atNs > endOfLast && line.atNs <= endNs ? [line] : [];
  if (line.line === "stream-batch") return line.atNs <= endNs ? [line] : [];
  if (line.line === "stream-end") return [line];
  if (line.line !== "call") return [];
  const { callNs, returnNs } = line;
  if (callNs > endOfLast && returnNs <= endNs) return [line];
  if (callNs > endOfLast && callNs <= endNs) return undecided(line);
  // Begun in the previous era: a response after the restore must be true after it.
  const answeredHere = returnNs > startNs && returnNs <= endNs && callNs <= endOfLast;
  return answeredHere && (line.class === "ok" ? isWrite(line) : line.code === "UNAVAILABLE") ? [line] : [];
}

/** A write pending at the end of its era has an unknown outcome there; a read proves nothing. */
function undecided(call: CallRecord): readonly HistoryLine[] {
  if (!isWrite(call)) return [];
  return [{ ...call, ...openEnd }];
}

/** The result of a call with an unknown outcome. */
const openEnd = {
  returnNs: Number.POSITIVE_INFINITY,
  code: "ABORTED",
  class: "unknown",
  revision: undefined,
} as const;

const isWrite = ({ op }: CallRecord): boolean => op !== "get" && op !== "list";
