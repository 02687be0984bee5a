/**
 * Planted mistakes: each changes messages between the real client and its transport as a faulty client would. If the
 * simulation does not find these within a few seeds, a clean run proves nothing.
 */
import type {
  ByteDuplex,
  MethodPath,
  Transport,
  TransportFactory,
} from "../../src/etcd/transport/transport.ts";
import { TransportFailure } from "../../src/etcd/transport/transport.ts";
import { encodeRangeRequest, encodeTxnRequest } from "../../src/etcd/wire/kv.ts";
import { decodeTxnRequest, rangeRequest } from "../../src/etcd/wire/kv-server.ts";
import {
  decodeWatchMessage,
  decodeWatchReply,
  encodeWatchMessage,
  encodeWatchReply,
  type WatchReply,
} from "../../src/etcd/wire/watch.ts";

/** Wraps the transport of one process. */
export type Sabotage = (transport: TransportFactory) => TransportFactory;

const txnPath: MethodPath = "/etcdserverpb.KV/Txn";
const rangePath: MethodPath = "/etcdserverpb.KV/Range";
const watchPath: MethodPath = "/etcdserverpb.Watch/Watch";

type Unary = Transport["unary"];

function wrapped(
  change: (transport: Transport) => { readonly unary?: Unary; readonly bidi?: Transport["bidi"] },
): Sabotage {
  return (factory) => (options) => {
    const transport = factory(options);
    const changed = change(transport);
    return {
      endpoint: transport.endpoint,
      unary: changed.unary ?? ((...call) => transport.unary(...call)),
      serverStream: (...call) => transport.serverStream(...call),
      bidi: changed.bidi ?? ((...call) => transport.bidi(...call)),
      close: () => transport.close(),
    };
  };
}

/** Changes requests in flight. */
function requests(change: (method: MethodPath, request: Uint8Array) => Uint8Array): Sabotage {
  return wrapped((transport) => ({
    unary: (method, request, call) => transport.unary(method, change(method, request), call),
  }));
}

/** Changes watch messages in flight, one stream at a time; a reply that becomes undefined is lost. */
function watches(
  change: () => {
    readonly out?: (message: Uint8Array) => Uint8Array;
    readonly in?: (reply: WatchReply) => WatchReply | undefined;
  },
): Sabotage {
  return wrapped((transport) => ({
    bidi(method, call) {
      const stream = transport.bidi(method, call);
      if (method !== watchPath) return stream;
      const { out = (message) => message, in: incoming = (reply) => reply } = change();
      const changed = (message: Uint8Array): Uint8Array | undefined => {
        const reply = incoming(decodeWatchReply(message));
        return reply === undefined ? undefined : encodeWatchReply(reply);
      };
      const sabotaged: ByteDuplex = {
        async next() {
          for (;;) {
            const message = await stream.next();
            if (message === undefined) return undefined;
            const kept = changed(message);
            if (kept !== undefined) return kept;
          }
        },
        poll() {
          for (let message = stream.poll(); message !== undefined; message = stream.poll()) {
            const kept = changed(message);
            if (kept !== undefined) return kept;
          }
          return undefined;
        },
        write: (message) => stream.write(out(message)),
        drained: () => stream.drained(),
        end: () => stream.end(),
        cancel: () => stream.cancel(),
      };
      return sabotaged;
    },
  }));
}

const startsLater =
  (by: bigint) =>
  (message: Uint8Array): Uint8Array => {
    const decoded = decodeWatchMessage(message);
    if (decoded.type !== "create" || (decoded.create.startRevision ?? 0n) === 0n) return message;
    const startRevision = (decoded.create.startRevision ?? 0n) + by;
    return encodeWatchMessage({ type: "create", create: { ...decoded.create, startRevision } });
  };

/** Compares on keys of this kind are left out of every transaction. */
function withoutCompares(isOne: (key: string) => boolean): Sabotage {
  return requests((method, request) => {
    if (method !== txnPath) return request;
    const txn = decodeTxnRequest(request);
    const compare = txn.compare.filter(({ key }) => !isOne(Buffer.from(key).toString()));
    return compare.length === txn.compare.length ? request : encodeTxnRequest({ ...txn, compare });
  });
}

export const sabotages: Readonly<Record<string, Sabotage>> = {
  /** N5: resumption at last + 2 instead of last + 1. */
  "resume one late": watches(() => ({ out: startsLater(1n) })),
  /** N5: resumption at last. */
  "resume one early": watches(() => ({ out: startsLater(-1n) })),
  /** N2: a write with a lost response is sent again, and the second response is trusted. */
  "retry on unknown": wrapped((transport) => ({
    async unary(method, request, call) {
      try {
        return await transport.unary(method, request, call);
      } catch (error) {
        const lost = error instanceof TransportFailure && error.request === "sent" && !error.fromServer;
        if (!lost || method !== txnPath) throw error;
        return await transport.unary(method, request, call);
      }
    },
  })),
  /** N1: one member alone answers linearizable reads. */
  "serializable reads": requests((method, request) => {
    if (method !== rangePath) return request;
    return encodeRangeRequest({ ...rangeRequest.decode(request), serializable: true });
  }),
  /** N6: fragments are applied as they arrive. */
  "fragments for whole": watches(() => ({ in: (reply) => ({ ...reply, fragment: false }) })),
  /** Writes that are not fenced: a late one applies after its outcome was decided. */
  "no fence": withoutCompares((key) => key.includes("/sessions/")),
  /** N8: the quota's part of a transaction is not compared. */
  "quota not compared": withoutCompares((key) => key.includes("/quotas/")),
  /** Every tenth batch of events is lost. */
  "lost events": (factory) => {
    let batches = 0;
    return watches(() => ({
      in: (reply) => (reply.events.length > 0 && ++batches % 10 === 0 ? undefined : reply),
    }))(factory);
  },
  /** N3: progress runs ahead of its events. */
  "early progress": watches(() => ({
    in: (reply) =>
      reply.events.length > 0 || reply.created || reply.canceled
        ? reply
        : { ...reply, header: { ...reply.header, revision: reply.header.revision + 2n } },
  })),
};
