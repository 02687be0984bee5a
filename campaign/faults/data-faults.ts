/** F19, F25: a burst of data, and values damaged directly in etcd. */
import { isStoreError } from "keelson";
import { type At, draftOf, keyOf, Relic } from "../traffic/kinds.ts";
import type { FaultContext, FaultKind, Injected } from "./fault.ts";

const timeoutMs = 5_000;

export const dataFaults: readonly FaultKind[] = [
  { kind: "F25", name: "stored value damaged", domain: "data", holdMs: [200, 800], inject: damage },
  { kind: "F19", name: "burst of large objects", domain: "data", holdMs: [200, 800], inject: burst },
];

/** One object is reported corrupt; the others are unchanged. */
async function damage({ store, cluster, random }: FaultContext): Promise<Injected | undefined> {
  const relics = store.resources(Relic);
  const name = `r-${random.below(2 ** 32)}`;
  const at: At = { namespace: "a", name };
  const key = keyOf("relics", at);
  const value = random.bytes(1 + random.below(200));
  // Another fault may prevent this one.
  const stored = await cluster.control.kv.put({ key, value }, { timeoutMs }).catch(() => undefined);
  if (stored === undefined) return undefined;
  return {
    target: key,
    heal: async () => {
      const found = await relics.get(at, { timeoutMs }).then(
        () => "an object",
        (error: unknown) => (isStoreError(error) ? error.code : String(error)),
      );
      await cluster.control.kv.deleteRange({ key }, { timeoutMs }).catch(() => undefined);
      if (!["CORRUPT_OBJECT", "DEADLINE", "UNAVAILABLE"].includes(found)) {
        throw new Error(`a damaged value was read as ${found}, expected CORRUPT_OBJECT`);
      }
    },
  };
}

/** Ten objects of 140 KB and their deletion: more than one watch message holds. */
async function burst({ store, random }: FaultContext): Promise<Injected> {
  const relics = store.resources(Relic);
  const name = `b-${random.below(2 ** 32)}`;
  const drafts = Array.from({ length: 10 }, (_, i) => {
    const draft = draftOf({ namespace: "a0", name: `${name}-${i}` }, `fault.${name}.${i}`, random);
    return { ...draft, spec: { ...draft.spec, filler: "b".repeat(140_000) } };
  });
  await relics.createMany(drafts, { timeoutMs }).catch(() => undefined);
  return {
    target: `a0/${name}`,
    heal: async () => {
      for (const { metadata } of drafts) {
        await relics
          .delete({ namespace: "a0", name: metadata.name ?? "" }, { timeoutMs })
          .catch(() => undefined);
      }
    },
  };
}
