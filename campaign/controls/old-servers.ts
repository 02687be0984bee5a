/**
 * N3 and N4: faults of old etcds that the library works around, with the workaround switched off by a lie: the member's
 * answer about its version says a fixed one.
 *
 *   N3   below 3.4.25 and 3.5.8 progress runs ahead of events on a watch that is catching up: a bookmark too early
 *   N4   below 3.4.36 and 3.5.18 a deletion at the compacted revision is never seen by a watch from that revision on
 */
import type { Etcd } from "keelson/etcd";
import { openEtcd } from "../../src/etcd/connect-etcd.ts";
import { http2Transport } from "../../src/etcd/transport/http2/transport-http2.ts";
import type { TransportFactory } from "../../src/etcd/transport/transport.ts";
import { compareVersions } from "../../src/etcd/versions/version.ts";
import type { Control } from "./control.ts";
import { Lab, readText } from "./lab.ts";
import { rawPrefix as prefix, recordRawWatch } from "./raw-watch.ts";

const statusPath = "/etcdserverpb.Maintenance/Status";
/** As long as the version it replaces: the text is in a message that states its length. */
const claimed = "3.5.30";

const needs = {
  text: "etcd 3.4.23",
  version: (version: string): boolean =>
    compareVersions(version, "3.4.20") >= 0 &&
    compareVersions(version, "3.4.25") < 0 &&
    version.length === claimed.length,
} as const;

/** A transport whose members report a wrong version. */
function lyingTransport(version: string): TransportFactory {
  return (options) => {
    const inner = http2Transport(options);
    return {
      endpoint: inner.endpoint,
      async unary(method, request, call) {
        const reply = await inner.unary(method, request, call);
        if (method !== statusPath) return reply;
        const bytes = Buffer.from(reply);
        const at = bytes.indexOf(version);
        if (at >= 0) bytes.write(claimed, at, "latin1");
        return bytes;
      },
      serverStream: (method, request, call) => inner.serverStream(method, request, call),
      bidi: (method, call) => inner.bidi(method, call),
      close: () => inner.close(),
    };
  };
}

async function connectTo(lab: Lab, sabotaged: boolean): Promise<Etcd> {
  if (!sabotaged) return lab.connect();
  return lab.use(await openEtcd({ endpoints: lab.server.endpoints }, lyingTransport(lab.server.version)));
}

/** Many more than etcd sends per step to a watch that catches up (1,000 revisions), so that progress can overtake events. */
const historyRevisions = 2_500;
const streams = 4;

export const earlyProgress: Control = {
  name: "N3",
  sabotage: "progress of a watch that is catching up is believed on an etcd that sends it too early",
  caughtBy: ["C3"],
  rules: ["reliable"],
  duration: "short",
  needs,
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const first = await lab.etcd.kv.put({ key: `${prefix}first`, value: "first" });
    const puts = Array.from({ length: historyRevisions }, (_, i) =>
      lab.etcd.kv.put({ key: `${prefix}k-${i}`, value: `v-${i}` }),
    );
    await Promise.all(puts);
    const last = await lab.etcd.kv.put({ key: `${prefix}last`, value: "last" });
    const [start, until] = [first.header.revision, last.header.revision];
    const etcd = await connectTo(lab, sabotaged);
    // One is enough on an idle machine; on a busy one a stream may be complete before its client requests progress.
    for (let i = 0; i < streams; i++)
      await recordRawWatch(lab, etcd, { start, until, lastKey: `${prefix}last` });
    await lab.recordTruth(prefix, readText);
    return { history: lab.history() };
  },
};

export const compactedDeletion: Control = {
  name: "N4",
  sabotage: "a watch resumes at a compacted deletion on an etcd that loses it",
  caughtBy: ["C3"],
  rules: ["reliable"],
  duration: "short",
  needs,
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const { kv } = lab.etcd;
    const key = `${prefix}x`;
    await kv.put({ key, value: "x" });
    const deletion = (await kv.deleteRange({ key })).header.revision;
    await lab.recordTruth(prefix, readText);
    await kv.compact(deletion, { physical: true });
    const last = await kv.put({ key: `${prefix}last`, value: "last" });
    lab.sink.write({
      line: "truth",
      revision: last.header.revision,
      type: "put",
      key: `${prefix}last`,
      value: "last",
      createRevision: last.header.revision,
    });
    const etcd = await connectTo(lab, sabotaged);
    await recordRawWatch(lab, etcd, {
      start: deletion - 1n,
      until: last.header.revision,
      lastKey: `${prefix}last`,
    });
    return { history: lab.history() };
  },
};
