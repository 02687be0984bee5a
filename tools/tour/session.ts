/**
 * The tour's etcd (its own, under the project's cache, or a given cluster), connection and store. Everything opened
 * here is closed here, in bounded time, even if etcd no longer answers.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createStore, type Store } from "keelson";
import { connectEtcd, type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { messageOf } from "../../src/base/text/message-of.ts";
import { scratchNamespace, type World } from "./world.ts";

/** Timeout of every closing step: a dead etcd must not block the tour. */
const closeTimeoutMs = 5_000;

/** Interval of health checks of a given cluster. */
const askEveryMs = 1_000;
/** An election takes about a second; without an answer for this long the cluster counts as lost. */
const answerTimeoutMs = 5_000;

export interface SessionOptions {
  /** Endpoints of an existing cluster; absent: the tour starts its own etcd. */
  readonly endpoints?: readonly string[] | undefined;
  /** Of the tour's own files: data directory, snapshot. */
  readonly folder: string;
  readonly prefix: string;
  /** Deletes the data directory first. */
  readonly fresh: boolean;
  readonly world: World;
  readonly signal: AbortSignal;
}

export class TourError extends Error {
  override readonly name = "TourError";
}

export interface Session extends AsyncDisposable {
  readonly etcd: Etcd;
  readonly store: Store;
  readonly endpoints: readonly string[];
  readonly etcdVersion: string;
  /** Of the tour's own etcd. */
  readonly etcdPid: number | undefined;
  readonly prefix: string;
  readonly folder: string;
  /** The data directory existed before. */
  readonly resumed: boolean;
  /** The real etcdctl of this machine, to cross-check results; undefined if it is not installed. */
  readonly etcdctl: string | undefined;
  /** Aborted, with a TourError, when the tour's own etcd ends before the tour does. */
  readonly lost: AbortSignal;
}

/** @throws TourError and StoreErrors that say what to do */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { endpoints, folder, prefix, fresh, world, signal } = options;
  const dataDir = join(folder, "etcd");
  if (fresh && endpoints === undefined) await rm(dataDir, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const resumed = endpoints === undefined && existsSync(dataDir);
  const open: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of open.splice(0).reverse()) await within(closeTimeoutMs, step());
  };
  try {
    const local = endpoints === undefined ? await startLocalEtcd({ dataDir, signal }) : undefined;
    if (local !== undefined) open.push(() => local.stop());
    const lost = local === undefined ? new AbortController() : watchOver(local);
    open.push(async () => lost.abort());
    const etcd = await connectEtcd({
      endpoints: endpoints ?? local?.endpoints ?? [],
      signal: AbortSignal.any([signal, lost.signal]),
    });
    open.push(() => etcd.close());
    if (endpoints !== undefined) {
      await refuseForeignData(etcd, prefix, signal);
      open.push(keepAsking(etcd, lost));
    }
    // The owner of a given cluster compacts it.
    const compaction = local === undefined ? ({ compaction: false } as const) : {};
    const store = await createStore({ etcd, kinds: world.kinds, prefix, ...compaction, signal });
    open.push(() => store.close({ timeoutMs: closeTimeoutMs }));
    return {
      etcd,
      store,
      endpoints: etcd.endpoints,
      etcdPid: local?.pid,
      etcdVersion: await etcd.serverVersion({ signal }),
      prefix,
      folder,
      resumed,
      etcdctl: findEtcdctl(),
      lost: lost.signal,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Aborts when `local` ends while the session is open. */
function watchOver(local: LocalEtcd): AbortController {
  const controller = new AbortController();
  void local.exited.then(({ code, signal }) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    controller.abort(new TourError(`etcd (pid ${local.pid}) ended ${how} in the middle of the tour`));
  });
  return controller;
}

/** Aborts `lost` once a given cluster stops answering: the tour does not own its processes. */
function keepAsking(etcd: Etcd, lost: AbortController): () => Promise<void> {
  const stop = new AbortController();
  const ask = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await etcd.kv.range({ key: "/", countOnly: true }, { timeoutMs: answerTimeoutMs, signal: stop.signal });
      await setTimeout(askEveryMs, undefined, { signal: stop.signal });
    }
  };
  const asking = ask().catch((error: unknown) => {
    if (stop.signal.aborted) return;
    const reason = messageOf(error);
    lost.abort(new TourError(`etcd stopped answering in the middle of the tour: ${reason}`));
  });
  return async () => {
    stop.abort();
    await asking;
  };
}

/**
 * The tour writes under `prefix`: on a given cluster only if the prefix is empty, or has objects of an earlier tour.
 */
async function refuseForeignData(etcd: Etcd, prefix: string, signal: AbortSignal): Promise<void> {
  const root = `${prefix}/`;
  const [all, mark] = await Promise.all([
    etcd.kv.range({ key: root, rangeEnd: `${prefix}0`, countOnly: true }, { signal }),
    etcd.kv.range({ key: `${prefix}/namespaces/${scratchNamespace}`, keysOnly: true }, { signal }),
  ]);
  if (all.count > 0n && mark.count === 0n) {
    throw new TourError(
      `Cannot run the tour under "${prefix}" of this cluster: found ${all.count} keys of somebody else's; ` +
        "expected none. Give it a place of its own: --prefix /tour",
    );
  }
}

/** Next to the etcd that setup found, else on PATH. */
function findEtcdctl(): string | undefined {
  const etcd = process.env["KEELSON_ETCD"];
  const folders = [
    ...(etcd === undefined || etcd === "" ? [] : [dirname(etcd)]),
    ...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
  ];
  return folders.map((folder) => join(folder, "etcdctl")).find((path) => existsSync(path));
}

/** Waits for `work`, at most `timeoutMs`; errors of closing are reported and not thrown. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const timeout = setTimeout(timeoutMs, undefined, { signal: done.signal }).catch(() => undefined);
  try {
    await Promise.race([work, timeout]);
  } catch (error) {
    process.stderr.write(`while closing: ${messageOf(error)}\n`);
  } finally {
    done.abort();
  }
}
