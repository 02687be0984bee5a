/**
 * End-to-end figures: create, get, list, a page, 1 % by label and 200 watches over HTTP, of keelson's senders and, if
 * KUBE_BIN names a folder with it, of kube-apiserver, each with its own etcd. The subjects alternate in every round, in
 * reverse order every second time. A ratio is keelson's figure over the peer's of the same round, with its spread; a
 * row is marked if other processes used more than a tenth of the machine.
 */
import { readFileSync } from "node:fs";
import { type Subject, startKeelson, startKubernetes } from "./http/subjects.js";
import {
  createSlice,
  getPath,
  idleBytes,
  listPath,
  readSlice,
  type Slice,
  watchSlice,
} from "./http/works.js";
import { atLeast, atMost, type Goal } from "./measure/goals.js";
import { median, percentile } from "./measure/load.js";
import { watchOthers } from "./measure/machine.js";
import { rateOf, rounded, spread, unproved } from "./measure/turns.js";

export interface HttpRow {
  readonly work: string;
  readonly server: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the server's processes, microseconds per operation or event. */
  readonly serverCpuUs: number;
  readonly etcdCpuUs: number;
  /** Rate over the peer's: median, smallest to largest of the rounds. */
  readonly ratio?: string | undefined;
  /** The peer's CPU over this one's. */
  readonly cpuRatio?: string | undefined;
  /** What a memory row measures, or why the figures of a row prove nothing. */
  readonly note?: string | undefined;
}

export interface HttpOptions {
  /** Milliseconds per workload and server over all rounds; default 3,000. */
  readonly timeMs?: number | undefined;
  /** Connections of create and get; the first is taken. Default 64. */
  readonly inFlight?: readonly number[] | undefined;
  readonly objects?: number;
  readonly watchers?: number;
  readonly changes?: number;
  readonly idle?: number;
  /** Also with TLS, and with two processes. */
  readonly variants?: boolean;
}

export const small: HttpOptions = {
  timeMs: 60,
  inFlight: [4],
  objects: 120,
  watchers: 3,
  changes: 6,
  idle: 10,
  variants: false,
};

const rounds = 3;
const writers = 8;

export async function run(options: HttpOptions = {}): Promise<readonly HttpRow[]> {
  const { timeMs = 3_000, inFlight = [64], objects = 10_000 } = options;
  const { watchers = 200, changes = 300, idle = 2_000, variants = true } = options;
  const connections = inFlight[0] ?? 64;
  const subjects: Subject[] = [];
  try {
    subjects.push(await startKeelson("keelson"));
    if (variants) {
      subjects.push(await startKeelson("keelson, TLS", { tls: true }));
      subjects.push(await startKeelson("keelson, 2 processes", { workers: 2 }));
    }
    const peer = await startKubernetes();
    if (peer !== undefined) subjects.push(peer);
    return await measured(subjects, { timeMs, connections, objects, watchers, changes, idle });
  } finally {
    for (const subject of subjects) await subject[Symbol.asyncDispose]();
  }
}

interface Sizes {
  readonly timeMs: number;
  readonly connections: number;
  readonly objects: number;
  readonly watchers: number;
  readonly changes: number;
  readonly idle: number;
}

async function measured(subjects: readonly Subject[], sizes: Sizes): Promise<readonly HttpRow[]> {
  const { timeMs, connections, objects, watchers, changes, idle } = sizes;
  const sliceMs = timeMs / rounds;
  const works: readonly (readonly [string, (subject: Subject, round: number) => Promise<Slice>])[] = [
    [
      `create, ${connections} connections`,
      (subject, round) =>
        createSlice(
          subject,
          connections,
          Math.floor((objects * round) / rounds),
          Math.floor((objects * (round + 1)) / rounds),
        ),
    ],
    [
      `get, ${connections} connections`,
      (subject) => readSlice(subject, connections, sliceMs, getPath(objects)),
    ],
    [
      "get, resourceVersion=0",
      (subject) => readSlice(subject, connections, sliceMs, getPath(objects, "?resourceVersion=0")),
    ],
    ["list of all", (subject) => readSlice(subject, 1, sliceMs, listPath(""))],
    ["page of 500", (subject) => readSlice(subject, 4, sliceMs, listPath("?limit=500"))],
    ["1 % by label", (subject) => readSlice(subject, 4, sliceMs, listPath("?labelSelector=group%3Dg-7"))],
    [
      `watch: ${watchers} connections, ${changes} updates`,
      (subject, round) => watchSlice(subject, watchers, changes, writers, round + 1),
    ],
  ];
  const rows: HttpRow[] = [];
  for (const [work, slice] of works) rows.push(...(await byTurns(work, subjects, slice)));
  for (const subject of subjects) {
    const kib = (await idleBytes(subject, idle, rssBytes)) / 1_024;
    const mib = subject.pids.reduce((sum, pid) => sum + (rssBytes(pid) ?? 0), 0) / 2 ** 20;
    rows.push({
      ...nothing,
      work: `${idle} idle watches`,
      server: subject.name,
      note: `${kib.toFixed(1)} KiB each, ${Math.round(mib)} MiB in all`,
    });
  }
  return rows;
}

/** A row with only a note. */
const nothing = { perSecond: 0, p50Ms: 0, p99Ms: 0, serverCpuUs: 0, etcdCpuUs: 0 };

async function byTurns(
  work: string,
  subjects: readonly Subject[],
  slice: (subject: Subject, round: number) => Promise<Slice>,
): Promise<HttpRow[]> {
  const others = watchOthers(subjects.flatMap(({ pids, etcdPid }) => [...pids, etcdPid]));
  const taken = new Map<Subject, Slice[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? subjects : [...subjects].reverse();
    for (const subject of order) taken.get(subject)?.push(await slice(subject, round));
  }
  const share = others();
  const peer = subjects.find(({ name }) => name === "kube-apiserver");
  const peerSlices = peer === undefined ? undefined : taken.get(peer);
  return subjects.map((subject) => {
    const slices = taken.get(subject) ?? [];
    const times = slices.flatMap(({ timesMs }) => timesMs).sort((a, b) => a - b);
    return {
      work,
      server: subject.name,
      perSecond: rounded(median(slices.map(rateOf))),
      p50Ms: rounded(percentile(times, 0.5)),
      p99Ms: rounded(percentile(times, 0.99)),
      serverCpuUs: rounded(median(slices.map(({ serverCpuUs }) => serverCpuUs))),
      etcdCpuUs: rounded(median(slices.map(({ etcdCpuUs }) => etcdCpuUs))),
      ...(peerSlices === undefined || subject === peer
        ? {}
        : {
            ratio: spread(slices.map((slice, at) => rateOf(slice) / rateOf(peerSlices[at]))),
            cpuRatio: spread(
              slices.map((slice, at) => (peerSlices[at]?.serverCpuUs ?? Number.NaN) / slice.serverCpuUs),
            ),
          }),
      ...noteOf(share, slices),
    };
  });
}

function noteOf(
  othersShare: number | undefined,
  slices: readonly Slice[],
): { readonly note?: string | undefined } {
  const ended = slices.reduce((sum, { endedWatches = 0 }) => sum + endedWatches, 0);
  const notes = [
    ...(ended === 0 ? [] : [`${ended} watches ended by the server and begun again`]),
    ...(unproved(othersShare).note === undefined ? [] : [unproved(othersShare).note]),
  ];
  return notes.length === 0 ? {} : { note: notes.join("; ") };
}

export function goals(rows: readonly HttpRow[]): readonly Goal[] {
  const of = (work: string, server = "keelson"): HttpRow | undefined =>
    rows.find((row) => row.work.startsWith(work) && row.server === server);
  const text = (figure: number): string => `${figure}`;
  const rate = (figure: number): string => `${figure}/s`;
  return [
    ...atMost("create at most 250 µs of the server's CPU", of("create")?.serverCpuUs, 250, text),
    ...atMost("get at most 60 µs", (of("get, 6") ?? of("get,"))?.serverCpuUs, 60, text),
    ...atMost(
      "get with resourceVersion=0 at most 40 µs",
      of("get, resourceVersion=0")?.serverCpuUs,
      40,
      text,
    ),
    ...atLeast("lists of all at least 40/s", of("list of all")?.perSecond, 40, rate),
    ...atMost("a list at most 25 ms of the server's CPU", of("list of all")?.serverCpuUs, 25_000, text),
    ...atMost("at most 10 µs of CPU per event delivered", of("watch")?.serverCpuUs, 10, text),
    ...atLeast("at least 60,000 events/s", of("watch")?.perSecond, 60_000, rate),
    ...atMost(
      "p99 of an event no worse than kube-apiserver's",
      of("watch")?.p99Ms,
      of("watch", "kube-apiserver")?.p99Ms,
      text,
    ),
  ];
}

function rssBytes(pid: number): number | undefined {
  try {
    const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return pages === undefined ? undefined : Number(pages) * 1_024;
  } catch {
    return undefined;
  }
}
