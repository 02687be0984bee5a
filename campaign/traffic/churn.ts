/** Creates and deletes of few names, again and again: the same name is another object each time. */
import type { Client } from "./client.ts";
import { type At, draftOf, namespaces, Widget } from "./kinds.ts";

const names = ["r", "r.0", "r-0", "r0", "r-1", "r.1", "r1", "r-2"] as const;

export function churnStep(client: Client): () => Promise<boolean> {
  const { store, random } = client;
  const widgets = client.kind({
    via: "store",
    plural: "widgets",
    reader: store.resources(Widget),
    store: store.resources(Widget),
  });
  return async () => {
    const at: At = { namespace: client.pick(namespaces), name: client.pick(names) };
    const turn = random.below(100);
    if (turn < 45)
      return (await widgets.create(draftOf(at, client.nextValue(), random), client.deadline())).ok;
    if (turn < 60) return (await widgets.delete(at, client.deadline())).ok;
    const result = await widgets.get(at, { timeoutMs: client.deadline() });
    // Half of the deletions require the version that was seen.
    if (!result.ok || turn >= 85) return result.ok;
    return (await widgets.delete(at, client.deadline(), result.value.metadata.resourceVersion)).ok;
  };
}
