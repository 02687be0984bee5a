/**
 * The truth of a run: every change of etcd from its first revision on, from a raw watch straight to the members.
 *
 * etcd numbers transactions without gaps, so a log with a change for every revision is complete, whichever member
 * delivered it: the witness counts revisions, and a run with a gap in its log proves nothing. Objects are decoded as
 * they come; changes of the bookkeeping go to the quota replay.
 */
import { isStoreError } from "keelson";
import { createValueCodec, msgpackCodec } from "keelson/codec";
import { connectEtcd, type Etcd, type EtcdOptions, type KvEvent } from "keelson/etcd";
import type { PlainValue, ValueCodec } from "../../src/codec/form/value.ts";
import { definitionOf } from "../../src/resource/model/define-kind.ts";
import { KeySpace } from "../../src/resource/model/keys.ts";
import { createDictionaryStore } from "../../src/storage/bookkeeping/dictionary-store.ts";
import { contentHash } from "../checkers/digest.ts";
import type { HistorySink, TruthRecord } from "../checkers/history.ts";
import { apps, Claim, prefix, type Valued, Widget } from "../traffic/kinds.ts";
import { QuotaReplay } from "./quota-replay.ts";

/** Some seconds each: faults are shorter. */
const openTriesMax = 10;

export class Witness implements AsyncDisposable {
  readonly #etcd: Etcd;
  readonly #sink: HistorySink;
  readonly #codecs: ReadonlyMap<string, ValueCodec>;
  readonly #quotas: QuotaReplay;
  readonly #stop = new AbortController();
  readonly #creations = new Map<string, bigint>();
  #revision = 1n;
  #changes = 0;
  #running: Promise<void> | undefined;
  #failure: unknown;

  private constructor(etcd: Etcd, sink: HistorySink) {
    this.#etcd = etcd;
    this.#sink = sink;
    const keys = new KeySpace(prefix);
    const dictionaries = createDictionaryStore(etcd.kv, keys);
    this.#codecs = new Map(
      [Widget, Claim].map((kind) => {
        const definition = definitionOf(kind);
        const codec = createValueCodec({ kind: definition, codec: msgpackCodec(), dictionaries });
        return [`${prefix}/${definition.keyPath}/`, codec] as const;
      }),
    );
    this.#quotas = new QuotaReplay(sink, keys);
  }

  /** Begins at the first revision; nothing may have been compacted. */
  static async start(options: {
    readonly endpoints: readonly string[];
    readonly sink: HistorySink;
    readonly auth?: EtcdOptions["auth"];
  }): Promise<Witness> {
    const { endpoints, auth } = options;
    const etcd = await connectEtcd({ endpoints, auth, requestTimeoutMs: 2_000, timeoutMs: 60_000 });
    const witness = new Witness(etcd, options.sink);
    witness.#running = witness.#watch().catch((error: unknown) => {
      witness.#failure = error;
    });
    return witness;
  }

  /** Everything up to and including this revision is recorded. */
  get revision(): bigint {
    return this.#revision;
  }

  get changes(): number {
    return this.#changes;
  }

  /** Why the log is incomplete, if it is. */
  get failure(): unknown {
    return this.#failure;
  }

  async reached(revision: bigint, withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    while (this.#revision < revision) {
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > end) {
        throw new Error(`the witness is at ${this.#revision}, not at ${revision} within ${withinMs} ms`);
      }
      await this.#etcd.clock.sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#etcd.close();
  }

  async #watch(): Promise<void> {
    await using watch = this.#etcd.watches.open(
      { key: "\0", rangeEnd: "\0", startRevision: 2n },
      { signal: this.#stop.signal },
    );
    for await (const batch of watch) {
      if (batch.type !== "events") continue;
      for (const event of batch.events) await this.#take(event);
      this.#quotas.settle();
    }
  }

  async #take(event: KvEvent): Promise<void> {
    const { modRevision } = event.kv;
    if (modRevision !== this.#revision && modRevision !== this.#revision + 1n) {
      throw new Error(
        `the witness was given revision ${modRevision} after ${this.#revision}: its log has a gap`,
      );
    }
    if (modRevision !== this.#revision) this.#quotas.settle();
    this.#revision = modRevision;
    this.#changes++;
    const key = Buffer.from(event.kv.key).toString();
    for (const [range, codec] of this.#codecs) {
      if (!key.startsWith(range)) continue;
      const object = event.type === "put" ? await this.#decode(codec, key, event) : undefined;
      this.#sink.write(this.#recordOf(event, key, object));
      this.#quotas.object(key, modRevision, object);
      return;
    }
    this.#quotas.bookkeeping(key, event);
  }

  async #decode(codec: ValueCodec, key: string, event: KvEvent): Promise<Valued> {
    const object = codec.object(await this.#opened(codec, key, event.kv.value));
    const resourceVersion = `${event.kv.modRevision}`;
    return { ...object, metadata: { ...object.metadata, resourceVersion } } as unknown as Valued;
  }

  /** Its dictionary may have to be fetched, which a fault can prevent. */
  async #opened(codec: ValueCodec, key: string, stored: Uint8Array): Promise<PlainValue> {
    for (let tries = 1; ; tries++) {
      try {
        return await codec.open(key, stored);
      } catch (error) {
        if (tries === openTriesMax || !isStoreError(error, "UNAVAILABLE", "DEADLINE")) throw error;
        await this.#etcd.clock.sleep(500);
      }
    }
  }

  #recordOf(event: KvEvent, key: string, object: Valued | undefined): TruthRecord {
    const { modRevision: revision } = event.kv;
    if (object === undefined) {
      const createRevision = this.#creations.get(key) ?? 0n;
      return { line: "truth", revision, type: "delete", key, createRevision };
    }
    const { createRevision } = event.kv;
    this.#creations.set(key, createRevision);
    const { app = apps[0] ?? "" } = object.metadata.labels ?? {};
    return {
      line: "truth",
      revision,
      type: "put",
      key,
      createRevision,
      value: object.spec.value,
      hash: contentHash(object),
      labels: { app },
      fields: { "spec.node": object.spec.node },
    };
  }
}
