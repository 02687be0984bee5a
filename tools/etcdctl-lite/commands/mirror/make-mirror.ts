/**
 * `make-mirror`: mirrors the keys of one etcd to another, until it is interrupted.
 *
 *   all keys as of revision R, in pages -> every event after R, revision by revision -> the destination
 *
 * A revision is also one transaction there, unless it has more operations than a transaction allows. The watch survives
 * an unavailable source, and the target an unavailable destination; with --checkpoint a new process continues where the
 * last one stopped.
 */
import { isStoreError, type StoreError } from "keelson";
import {
  type Etcd,
  etcdServerText,
  type KvEvent,
  prefixEnd,
  type TxnOp,
  type WatchBatch,
} from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Flags } from "../../cli/flags.ts";
import type { Session } from "../../cli/session.ts";
import { bytesOfText } from "../../text/raw-bytes.ts";
import { MirrorTarget, type Position } from "./mirror-target.ts";

/** Keys per page, as in etcdctl. */
const pageKeys = 1_000;
/** Maximum key and value bytes of one transaction of the first copy: etcd refuses requests above 1.5 MiB. */
const copyBytesMax = 512 * 1024;
/** Interval of printing the count of mirrored operations, as in etcdctl. */
const reportMs = 30_000;

export const command: Command = {
  usage: "[options] <destination>",
  about: [
    "Copies all keys, then every change in order until it is stopped; it prints the count every 30 seconds. Source and",
    "destination may be unavailable in between. A mirror that is killed and started again copies everything once more,",
    "and keys deleted in the meantime stay; with --checkpoint, or with --rev and the revision it has printed, it",
    "continues instead. Leases are not mirrored. While a mirror runs, the destination has one key below",
    '"keelson/mirror/".',
  ].join("\n"),
  flags: [
    {
      name: "checkpoint",
      type: "text",
      summary: "a key of the destination that stores the position: a new run continues from it",
    },
    {
      name: "dest-cacert",
      type: "text",
      summary: "verify certificates of the destination using this CA bundle",
    },
    {
      name: "dest-cert",
      type: "text",
      summary: "identify to the destination using this TLS certificate file",
    },
    {
      name: "dest-insecure-transport",
      type: "switch",
      fallback: "true",
      summary: "disable transport security for a destination without a scheme",
    },
    { name: "dest-key", type: "text", summary: "identify to the destination using this TLS key file" },
    { name: "dest-password", type: "text", summary: "destination password for authentication" },
    { name: "dest-prefix", type: "text", summary: "mirror --prefix to this prefix (default: the same)" },
    {
      name: "dest-user",
      type: "text",
      summary: "destination username[:password] for authentication (asks if no password is given)",
    },
    {
      name: "max-txn-ops",
      type: "integer",
      fallback: "128",
      summary: "maximum number of operations permitted in a transaction during syncing updates",
    },
    { name: "no-dest-prefix", type: "switch", summary: "mirror --prefix to the root of the destination" },
    { name: "prefix", type: "text", summary: "key-value prefix to mirror" },
    {
      name: "rev",
      type: "integer",
      summary: "the revision to start to mirror from; nothing before is copied",
    },
  ],
  examples: [
    ["make-mirror 10.0.1.1:2379", "everything"],
    [
      "make-mirror --prefix /app/ --dest-prefix /copy/ --checkpoint /mirror/app 10.0.1.1:2379",
      "one prefix, resumable",
    ],
  ],
  async run(session) {
    const plan = planOf(session);
    const destination = await session.connectDestination(plan.destination);
    const source = await session.connect();
    const { signal } = session.io;
    const { target, position } = await MirrorTarget.open(destination, {
      call: session.call,
      signal,
      checkpoint: plan.checkpoint,
      warn: (text) => session.warn(text),
    });
    await using _target = target;
    const mirror = new Mirror(session, source, target, plan);
    const timer = everyReport(source, () => session.line(String(mirror.total)));
    try {
      await mirror.run(position);
    } catch (error) {
      throw isStoreError(error, "EXPIRED") ? compacted(error) : error;
    } finally {
      timer.cancel();
      mirror.tell();
    }
  },
};

interface Plan {
  readonly destination: string;
  readonly prefix: Uint8Array;
  readonly destinationPrefix: Uint8Array;
  /** 0n: everything is copied first. */
  readonly startRevision: bigint;
  /** Maximum operations of one transaction, without the one for the position. */
  readonly opsMax: number;
  readonly checkpoint: Uint8Array | undefined;
}

function planOf({ args, flags }: Session): Plan {
  const [destination] = args;
  if (destination === undefined || args.length !== 1) {
    throw badArguments("make-mirror takes one destination argument");
  }
  const text = (name: string): Uint8Array => bytesOfText(flags.text(name));
  if (flags.on("no-dest-prefix") && flags.text("dest-prefix") !== "") {
    throw badArguments("`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one");
  }
  const prefix = text("prefix");
  const given = flags.on("no-dest-prefix") || flags.text("dest-prefix") !== "";
  return {
    destination,
    prefix,
    destinationPrefix: given ? text("dest-prefix") : prefix,
    startRevision: startOf(flags),
    opsMax: opsOf(flags),
    checkpoint: flags.text("checkpoint") === "" ? undefined : text("checkpoint"),
  };
}

function startOf(flags: Flags): bigint {
  const revision = flags.integer("rev");
  if (revision < 0n) throw badArguments(`--rev is ${revision}, expected 0 or above`);
  return revision;
}

function opsOf(flags: Flags): number {
  const ops = flags.integer("max-txn-ops");
  if (ops < 2n || ops > 1_000_000n) {
    throw badArguments(`--max-txn-ops is ${ops}, expected 2 or above: one is that of the position`);
  }
  return Number(ops) - 1;
}

class Mirror {
  readonly #session: Session;
  readonly #source: Etcd;
  readonly #target: MirrorTarget;
  readonly #plan: Plan;
  #position: Position = { cluster: "", revision: 0n };
  #total = 0;

  constructor(session: Session, source: Etcd, target: MirrorTarget, plan: Plan) {
    this.#session = session;
    this.#source = source;
    this.#target = target;
    this.#plan = plan;
  }

  /** Keys put and deleted in the destination. */
  get total(): number {
    return this.#total;
  }

  /** Runs until it is interrupted. @throws StoreError EXPIRED if the source has compacted the next revision */
  async run(checkpoint: Position | undefined): Promise<void> {
    const { header } = await this.#source.kv.range(
      { key: "\0", limit: 1, keysOnly: true },
      this.#session.call,
    );
    const cluster = header.clusterId.toString(16);
    if (this.#plan.startRevision > 0n) {
      this.#position = { cluster, revision: this.#plan.startRevision - 1n };
    } else if (checkpoint !== undefined) {
      if (checkpoint.cluster !== cluster) {
        throw new CliFailure(
          exitCodes.error,
          `the checkpoint is of cluster ${checkpoint.cluster}, the source is cluster ${cluster}: give another --checkpoint, or --rev`,
        );
      }
      this.#position = checkpoint;
      if (checkpoint.copyFrom !== undefined)
        await this.#copy(cluster, checkpoint.revision, checkpoint.copyFrom);
    } else await this.#copy(cluster, undefined, this.#range().key);
    await this.#follow();
  }

  /** The flags for the next run. */
  tell(): void {
    const { revision, copyFrom } = this.#position;
    if (revision === 0n || copyFrom !== undefined) return;
    this.#session.io.stderr.write(
      `Mirrored up to revision ${revision} of the source; --rev ${revision + 1n} continues from there\n`,
    );
  }

  /**
   * Copies all keys from `start` on at one revision, by default the newest. An interrupted copy continues at its own
   * revision, because with another one keys deleted in between would stay.
   */
  async #copy(cluster: string, asOf: bigint | undefined, start: Uint8Array): Promise<void> {
    const { rangeEnd } = this.#range();
    const { signal } = this.#session.io;
    let revision = asOf;
    let from = start;
    let ops: TxnOp[] = [];
    let bytes = 0;
    const flush = async (position: Position): Promise<void> => {
      await this.#target.apply(ops, position);
      this.#position = position;
      this.#total += ops.length;
      ops = [];
      bytes = 0;
    };
    for (;;) {
      const page = await this.#source.kv.range(
        { key: from, rangeEnd, limit: pageKeys, revision },
        { signal, lane: "bulk" },
      );
      revision ??= page.header.revision;
      for (const kv of page.kvs) {
        const size = kv.key.length + kv.value.length;
        const full = ops.length >= this.#plan.opsMax || bytes + size > copyBytesMax;
        if (full && ops.length > 0) await flush({ cluster, revision, copyFrom: kv.key });
        ops.push({ type: "put", put: { key: this.#renamed(kv.key), value: kv.value } });
        bytes += size;
      }
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) break;
      from = Buffer.concat([last.key, Buffer.alloc(1)]);
    }
    await flush({ cluster, revision });
  }

  async #follow(): Promise<void> {
    const { signal } = this.#session.io;
    await using watch = this.#source.watches.open(
      { ...this.#range(), startRevision: this.#position.revision + 1n },
      { signal },
    );
    for await (const batch of watch) await this.#take(batch);
    signal.throwIfAborted();
  }

  async #take(batch: WatchBatch): Promise<void> {
    if (batch.type !== "events") return;
    for (const events of byRevision(batch.events)) {
      const revision = events[0]?.kv.modRevision ?? batch.revision;
      const { cluster } = this.#position;
      for (let at = 0; at < events.length; at += this.#plan.opsMax) {
        const part = events.slice(at, at + this.#plan.opsMax);
        // A revision in several transactions is complete with the last of them.
        const isLast = at + part.length >= events.length;
        const position = isLast ? { cluster, revision } : this.#position;
        await this.#target.apply(
          part.map((event) => this.#operation(event)),
          position,
        );
        this.#total += part.length;
        this.#position = position;
      }
    }
  }

  #operation({ type, kv }: KvEvent): TxnOp {
    const key = this.#renamed(kv.key);
    return type === "put" ? { type, put: { key, value: kv.value } } : { type, delete: { key } };
  }

  #range(): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
    const { prefix } = this.#plan;
    return prefix.length === 0
      ? { key: Buffer.alloc(1), rangeEnd: Buffer.alloc(1) }
      : { key: prefix, rangeEnd: prefixEnd(prefix) };
  }

  #renamed(key: Uint8Array): Uint8Array {
    const { prefix, destinationPrefix } = this.#plan;
    return Buffer.concat([destinationPrefix, key.subarray(prefix.length)]);
  }
}

function compacted(error: StoreError): CliFailure {
  return new CliFailure(exitCodes.error, etcdServerText(error) ?? error.message, {
    cause: error,
    hint: "What comes next is compacted: start without --rev and with a new --checkpoint. Keys deleted since the last mirrored revision stay in the destination.",
  });
}

/** Runs of events of one revision each, in order. */
function byRevision(events: readonly KvEvent[]): readonly (readonly KvEvent[])[] {
  const runs: KvEvent[][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    if (run?.[0]?.kv.modRevision === event.kv.modRevision) run.push(event);
    else runs.push([event]);
  }
  return runs;
}

function everyReport({ clock }: Etcd, report: () => void): { cancel(): void } {
  let timer = clock.setTimer(reportMs, function again() {
    report();
    timer = clock.setTimer(reportMs, again);
  });
  return { cancel: () => timer.cancel() };
}
