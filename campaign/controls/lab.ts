/**
 * The environment of a control: one real etcd, its clients and stores, and a record of all their calls.
 *
 * `etcd` is an unmodified client of the lab; other clients carry the sabotage. Everything opened through the lab is
 * closed with it, in reverse order.
 */
import { createStore, defineKind, type Kind, type Resource, type Store, type StoreOptions } from "keelson";
import { createValueCodec, msgpackCodec } from "keelson/codec";
import {
  connectEtcd,
  type Etcd,
  type EtcdOptions,
  type KvEvent,
  type LocalEtcd,
  startLocalEtcd,
} from "keelson/etcd";
import { definitionOf } from "../../src/resource/model/define-kind.ts";
import { KeySpace } from "../../src/resource/model/keys.ts";
import { createDictionaryStore } from "../../src/storage/bookkeeping/dictionary-store.ts";
import { patientMs } from "../../test/support/time/patience.ts";
import { contentHash } from "../checkers/digest.ts";
import { HistoryList, runClock, type TruthRecord } from "../checkers/history.ts";
import { RunHistory } from "../checkers/run-history.ts";

export interface Doc extends Resource {
  spec: { value: string; filler?: string | undefined };
}
export const Doc: Kind<Doc> = defineKind<Doc>({
  version: "v1",
  kind: "Doc",
  plural: "docs",
  scope: "Namespaced",
});
export const docsPrefix = "/registry/docs/";

/** Bound of every wait in a control: a scenario that cannot continue fails instead of hanging. */
export const boundMs = 60_000;

export class Lab implements AsyncDisposable {
  readonly etcd: Etcd;
  readonly #server: LocalEtcd | undefined;
  readonly sink: HistoryList = new HistoryList();
  readonly now: () => number;
  readonly #opened: AsyncDisposable[] = [];
  #names = 0;

  private constructor(etcd: Etcd, server: LocalEtcd | undefined) {
    this.etcd = etcd;
    this.#server = server;
    this.now = runClock(process.hrtime.bigint());
  }

  /** On etcds that the caller has started; the lab closes the client. */
  static over(etcd: Etcd): Lab {
    return new Lab(etcd, undefined);
  }

  static async open(
    options: { readonly binary?: string | undefined; readonly extraArgs?: readonly string[] } = {},
  ): Promise<Lab> {
    const server = await startLocalEtcd({
      binary: options.binary,
      extraArgs: ["--unsafe-no-fsync", ...(options.extraArgs ?? [])],
    });
    try {
      const { endpoints } = server;
      return new Lab(await connectEtcd({ endpoints, requestTimeoutMs: patientMs }), server);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The lab's own etcd. */
  get server(): LocalEtcd {
    if (this.#server === undefined) throw new Error("this lab has not started its etcd");
    return this.#server;
  }

  /** Closed with the lab. */
  use<T extends AsyncDisposable>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }

  async connect(options: Partial<EtcdOptions> = {}): Promise<Etcd> {
    const { endpoints } = this.server;
    const patient = { requestTimeoutMs: patientMs, timeoutMs: patientMs };
    return this.use(await connectEtcd({ endpoints, ...patient, ...options }));
  }

  /** A store of documents without background writes. */
  async store(etcd: Etcd, options: Partial<StoreOptions> = {}): Promise<Store> {
    return this.use(
      await createStore({
        etcd,
        kinds: [Doc],
        namespaces: "open",
        compaction: false,
        timeoutMs: patientMs,
        ...options,
      }),
    );
  }

  /** Unique in the run. */
  nextName(of: string): string {
    return `${of}-${++this.#names}`;
  }

  /**
   * Writes down etcd's own log of everything below `prefix` from a revision on, 1 unless something was compacted; the revision
   * up to which it is written.
   */
  async recordTruth(prefix: string, read: ReadStored = readDocs(this.etcd), from = 1n): Promise<bigint> {
    const { events, end } = await logOf(this.etcd, prefix, from);
    for (const event of events) this.sink.write(await truthOf(event, read));
    return end;
  }

  history(): RunHistory {
    return new RunHistory(this.sink.lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.reverse()) await opened[Symbol.asyncDispose]();
    await this.etcd.close();
    await this.#server?.stop();
  }
}

/** The value id of a stored value, as the log records it. */
export type ReadStored = (
  key: string,
  value: Uint8Array,
) => Promise<Pick<TruthRecord, "value" | "hash" | "labels" | "fields">>;

/** Documents as the store keeps them. */
export function readDocs(etcd: Etcd): ReadStored {
  const dictionaries = createDictionaryStore(etcd.kv, new KeySpace("/registry"));
  const codec = createValueCodec({ kind: definitionOf(Doc), codec: msgpackCodec(), dictionaries });
  return async (key, stored) => {
    const doc = codec.object(await codec.open(key, stored)) as unknown as Doc;
    return { value: doc.spec.value, hash: contentHash(doc), labels: doc.metadata.labels };
  };
}

/** Text values: the first word is the value id, the rest only adds size. */
export const readText: ReadStored = async (_, stored) => ({ value: valueText(stored) });

export function valueText(stored: Uint8Array | undefined): string {
  return Buffer.from(stored ?? [])
    .toString()
    .split(" ", 1)
    .join();
}

async function truthOf({ type, kv }: KvEvent, read: ReadStored): Promise<TruthRecord> {
  const key = Buffer.from(kv.key).toString();
  const base = {
    line: "truth",
    revision: kv.modRevision,
    type,
    key,
    createRevision: kv.createRevision,
  } as const;
  return type === "delete" ? base : { ...base, ...(await read(key, kv.value)) };
}

/** Every change below a prefix up to now, straight from etcd's history. */
async function logOf(
  etcd: Etcd,
  prefix: string,
  from: bigint,
): Promise<{ readonly events: readonly KvEvent[]; readonly end: bigint }> {
  const end = (await etcd.kv.put({ key: "/end-of-log", value: "" })).header.revision;
  const events: KvEvent[] = [];
  await using watch = etcd.watches.open({ key: "/", rangeEnd: "0", startRevision: from });
  for await (const batch of watch) {
    if (batch.type !== "events") continue;
    for (const event of batch.events) {
      if (Buffer.from(event.kv.key).toString().startsWith(prefix)) events.push(event);
    }
    if (batch.revision >= end) break;
  }
  return { events, end };
}

/** Polls until `holds`. @throws Error when it does not within the bound */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  if (!(await within(boundMs, holds))) throw new Error(`not within ${boundMs} ms: ${what}`);
}

/** Polls until `holds` or the bound. Returns whether it held. */
export async function within(ms: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
