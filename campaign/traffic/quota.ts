/** Creates at the limit of two quotas of one namespace, resizes and deletes: the limits must hold at every revision. */
import type { Quotas } from "keelson";
import { type Client, changed } from "./client.ts";
import { type At, Claim, coldName, draftOf, specOf } from "./kinds.ts";

/** A third of the names would fill the quota. */
const names = 60;
/** By namespace and quota. Sizes are 1 to 4. */
export const quotaLimits: readonly {
  readonly namespace: string;
  readonly name: string;
  readonly hard: Readonly<Record<string, number>>;
}[] = [
  { namespace: "a", name: "default", hard: { "count/claims": 20 } },
  { namespace: "a", name: "sizes", hard: { size: 48 } },
  { namespace: "ab", name: "default", hard: { "count/claims": 25, size: 50 } },
];

export async function setQuotas(quotas: Quotas, timeoutMs: number): Promise<void> {
  for (const { namespace, name, hard } of quotaLimits) {
    await quotas.set(namespace, { name, hard }, { timeoutMs });
  }
}

export function quotaStep(client: Client): () => Promise<boolean> {
  const { store, random } = client;
  const claims = client.kind({
    via: "store",
    plural: "claims",
    reader: store.resources(Claim),
    store: store.resources(Claim),
  });
  return async () => {
    const at: At = { namespace: client.pick(["a", "ab"]), name: coldName(random.below(names)) };
    const turn = random.below(100);
    if (turn < 50)
      return (await claims.create(draftOf(at, client.nextValue(), random), client.deadline())).ok;
    if (turn < 70) {
      const resize = (current: Parameters<typeof changed>[0]) =>
        changed(current, specOf(client.nextValue(), random));
      return (await claims.guaranteedUpdate(at, resize, client.deadline())).ok;
    }
    if (turn < 90) return (await claims.delete(at, client.deadline())).ok;
    return (await claims.get(at, { timeoutMs: client.deadline() })).ok;
  };
}
