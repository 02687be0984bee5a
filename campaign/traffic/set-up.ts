/** The objects that exist before the first client starts, and the last write of a run: recorded like any other call. */
import type { Store } from "keelson";
import type { Random } from "../../src/base/random.ts";
import {
  apps,
  coldName,
  coldPerNamespace,
  draftOf,
  hotNames,
  namespaces,
  nodes,
  type Valued,
  Widget,
} from "./kinds.ts";
import { setQuotas } from "./quota.ts";
import { RecordedKind } from "./recorded-kind.ts";
import type { Recorder } from "./recorder.ts";

const timeoutMs = 60_000;
/** Clients that create concurrently. */
const writers = 16;

export async function setUp(store: Store, recorder: Recorder, random: Random): Promise<void> {
  for (const name of namespaces) await store.namespaces.create({ metadata: { name } }, { timeoutMs });
  await setQuotas(store.quotas, timeoutMs);
  const names = [...hotNames, ...Array.from({ length: coldPerNamespace }, (_, i) => coldName(i))];
  const places = namespaces.flatMap((namespace) => names.map((name) => ({ namespace, name }))).values();
  const widgets = store.resources(Widget);
  const write = async (_: unknown, index: number): Promise<void> => {
    const client = `set-up-${index}`;
    const recorded = new RecordedKind({
      recorder,
      client,
      via: "store",
      plural: "widgets",
      reader: widgets,
      store: widgets,
    });
    let count = 0;
    for (const at of places) {
      const result = await recorded.create(draftOf(at, `${client}-${++count}`, random), timeoutMs);
      if (!result.ok) throw new Error(`cannot set up ${at.namespace}/${at.name}: ${result.code}`);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

/** A change that every watcher of the campaign selects; its version is the end of the run. */
export async function lastMark(store: Store, recorder: Recorder, random: Random): Promise<bigint> {
  const widgets = store.resources(Widget);
  const recorded = new RecordedKind({
    recorder,
    client: "last-mark",
    via: "store",
    plural: "widgets",
    reader: widgets,
    store: widgets,
  });
  const at = { namespace: "a", name: "h" };
  const [app = "", node = ""] = [apps[0], nodes[0]];
  const marked = (value: string): Pick<Valued, "spec"> => ({
    spec: { value, node, size: 1, filler: "the end" },
  });
  await recorded.create({ ...draftOf(at, "last-mark-0", random), ...marked("last-mark-0") }, timeoutMs);
  const result = await recorded.guaranteedUpdate(
    at,
    (current) => ({
      ...current,
      ...marked("last-mark-1"),
      metadata: { ...current.metadata, labels: { app } },
    }),
    timeoutMs,
  );
  if (!result.ok) throw new Error(`the last write of the run was not applied: ${result.code}`);
  return BigInt(result.value.metadata.resourceVersion);
}
