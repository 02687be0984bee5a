/**
 * N5 and N15: a watch whose stream was cut resumes at the wrong revision.
 *
 *   right   last revision given on + 1
 *   N5      last (given twice), last + 2 (one lost)
 *   N15     revision in the header + 1: in a replay of history that is etcd's revision of now, so what was still to come
 *           of the history is lost
 */
import type { Etcd, EtcdWatch, EtcdWatchRequest, WatchBatch, Watches } from "keelson/etcd";
import type { Control } from "./control.ts";
import { type Doc, Doc as DocKind, docsPrefix, Lab, until } from "./lab.ts";
import { RecordedDocs, RecordedWatch } from "./recorded-docs.ts";

type EventsBatch = Extract<WatchBatch, { type: "events" }>;

/** Where a cut watch resumes after its last batch. */
type Resume = (last: EventsBatch) => bigint;

const rightly: Resume = ({ revision }) => revision + 1n;

/** A client whose watches of documents are cut once, after their first batch of events, and go on by `resume`. */
function cutOnce(etcd: Etcd, resume: Resume): Etcd {
  const watches: Watches = {
    stats: () => etcd.watches.stats(),
    open: (request, call) => {
      const inner = etcd.watches.open(request, call);
      return String(request.key).startsWith(docsPrefix)
        ? cut(inner, request, (again) => etcd.watches.open(again, call), resume)
        : inner;
    },
  };
  return { ...etcd, watches };
}

function cut(
  first: EtcdWatch,
  request: EtcdWatchRequest,
  open: (request: EtcdWatchRequest) => EtcdWatch,
  resume: Resume,
): EtcdWatch {
  let current = first;
  return {
    ready: () => first.ready(),
    requestProgress: () => current.requestProgress(),
    async *[Symbol.asyncIterator]() {
      for await (const batch of first) {
        yield batch;
        if (batch.type !== "events") continue;
        current = open({ ...request, startRevision: resume(batch) });
        break;
      }
      if (current !== first) yield* current;
    },
    [Symbol.asyncDispose]: async () => {
      await first[Symbol.asyncDispose]();
      await current[Symbol.asyncDispose]();
    },
  };
}

export const resumesElsewhere: Control = {
  name: "N5",
  sabotage:
    "a cut watch resumes at the last revision it has given on, another one two after it, instead of one",
  caughtBy: ["C3"],
  rules: ["unique", "reliable"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const docs = new RecordedDocs(lab, "writer", (await lab.store(lab.etcd)).resources(DocKind));
    const start = await docs.create("before", "v0");
    const wrong: readonly Resume[] = [({ revision }) => revision, ({ revision }) => revision + 2n];
    const watches: RecordedWatch[] = [];
    for (const resume of wrong) {
      const etcd = cutOnce(await lab.connect(), sabotaged ? resume : rightly);
      const watched = (await lab.store(etcd)).resources(DocKind);
      watches.push(new RecordedWatch(lab, watched, { resourceVersion: start?.metadata.resourceVersion }));
    }
    for (const watch of watches) await watch.ready();
    for (const name of ["one", "two", "three"]) {
      await docs.create(name, `value-${name}`);
      if (name === "two") continue;
      // The first write must be a batch of its own before the second, which may be the lost one.
      const key = `${docsPrefix}a/${name}`;
      for (const watch of watches) await until(() => watch.seen.has(key), `${name} is seen`);
    }
    for (const watch of watches) await watch.stop();
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};

/** Revisions of history: more than etcd sends in one message of a replay (1,000 revisions). */
const historyRevisions = 1_300;

export const resumesAtHeader: Control = {
  name: "N15",
  sabotage: "a watch cut inside a long replay resumes after the revision of the message's header",
  caughtBy: ["C3"],
  rules: ["reliable"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const honest = (await lab.store(lab.etcd)).resources(DocKind);
    const docs = new RecordedDocs(lab, "writer", honest);
    const start = await docs.create("before", "v0");
    const made: Promise<Doc | undefined>[] = [];
    for (let i = 0; i < historyRevisions; i++) made.push(docs.create(`h-${i}`, `v-${i}`));
    await Promise.all(made);
    const resume: Resume = sabotaged ? ({ header }) => header.revision + 1n : rightly;
    const watched = (await lab.store(cutOnce(await lab.connect(), resume))).resources(DocKind);
    const watch = new RecordedWatch(lab, watched, { resourceVersion: start?.metadata.resourceVersion });
    await watch.ready();
    await until(() => watch.seen.size > 0, "the replay has begun");
    await docs.create("last", "v-last");
    await until(() => watch.seen.has(`${docsPrefix}a/last`), "the last change is seen");
    await watch.stop();
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};
