/**
 * N6: the fragments of a transaction's events are applied as they arrive. The sabotage removes the message's flag for
 * more fragments, so each fragment looks complete.
 */

import type { TxnOp } from "keelson/etcd";
import { openEtcd } from "../../src/etcd/connect-etcd.ts";
import { http2Transport } from "../../src/etcd/transport/http2/transport-http2.ts";
import type { TransportFactory } from "../../src/etcd/transport/transport.ts";
import type { Control } from "./control.ts";
import { Lab, readText } from "./lab.ts";
import { rawPrefix, recordRawWatch } from "./raw-watch.ts";

/** `fragment` of etcdserverpb.WatchResponse: field 7, a varint. */
const fragmentTag = (7 << 3) | 0;

/** Marks every fragment as complete. */
const wholeFragments: TransportFactory = (options) => {
  const inner = http2Transport(options);
  return {
    endpoint: inner.endpoint,
    unary: (method, request, call) => inner.unary(method, request, call),
    serverStream: (method, request, call) => inner.serverStream(method, request, call),
    bidi: (method, call) => {
      const stream = inner.bidi(method, call);
      return {
        next: async () => withoutFragment(await stream.next()),
        poll: () => withoutFragment(stream.poll()),
        cancel: () => stream.cancel(),
        write: (message) => stream.write(message),
        drained: () => stream.drained(),
        end: () => stream.end(),
      };
    },
    close: () => inner.close(),
  };
};

function withoutFragment(message: Uint8Array | undefined): Uint8Array | undefined {
  if (message === undefined) return undefined;
  const bytes = Uint8Array.from(message);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 2) {
      const length = varint();
      at += length;
    } else {
      const from = at;
      varint();
      if (tag === fragmentTag) bytes.fill(0, from, at);
    }
  }
  return bytes;
}

/** Forty of these are more than two of etcd's messages (about 2 MB), and ten fit a request. */
const fillerBytes = 140_000;

export const appliedFragments: Control = {
  name: "N6",
  sabotage: "fragments of a transaction are applied as they come",
  caughtBy: ["C3"],
  rules: ["reliable"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const { kv } = lab.etcd;
    const first = await kv.put({ key: `${rawPrefix}first`, value: "first" });
    const filler = "x".repeat(fillerBytes);
    for (const t of [0, 1, 2, 3]) {
      const success = Array.from({ length: 10 }, (_, i): TxnOp => {
        const name = `${t}-${i}`;
        return { type: "put", put: { key: `${rawPrefix}${name}`, value: `v-${name} ${filler}` } };
      });
      await kv.txn({ compare: [], success, failure: [] });
    }
    const last = await kv.put({ key: `${rawPrefix}last`, value: "last" });
    const etcd = sabotaged
      ? lab.use(await openEtcd({ endpoints: lab.server.endpoints }, wholeFragments))
      : await lab.connect();
    const [start, until] = [first.header.revision, last.header.revision];
    await recordRawWatch(lab, etcd, { start, until, lastKey: `${rawPrefix}last` });
    await lab.recordTruth(rawPrefix, readText);
    return { history: lab.history() };
  },
};
