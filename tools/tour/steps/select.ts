/** A watch with a selector sees an object enter and leave its view, though the object itself stays. */
import { EventReader, formatChange } from "../events.ts";
import type { ConfigMap } from "../kinds.ts";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

export const select: Step = {
  id: "select",
  title: "Watch through a selector: an object leaves the view and enters it again",
  async run({ scratch, signal, say, fact, expect }) {
    const key = { namespace: scratchNamespace, name: "article" };
    await using events = new EventReader(
      scratch.watch({ namespace: scratchNamespace, labelSelector: "stage=published", signal }),
    );
    await events.ready(signal);

    const setStage = async (stage: string): Promise<ConfigMap> => {
      const labels = { stage };
      say(`stage=${stage}`);
      return scratch.guaranteedUpdate(
        key,
        (current) => ({ ...current, metadata: { ...current.metadata, labels } }),
        { createIfMissing: () => ({ metadata: { ...key, labels } }), signal },
      );
    };
    await setStage("draft");
    const entered = await setStage("published");
    const first = await events.next();
    say(`  ${formatChange(first)}`);
    const left = await setStage("withdrawn");
    const second = await events.next();
    say(`  ${formatChange(second)}`);
    await setStage("published");
    const third = await events.next();
    say(`  ${formatChange(third)}`);

    const seen = [first, second, third];
    fact(
      "events",
      seen.map(({ type, resourceVersion }) => `${type}@${resourceVersion}`),
    );
    expect(
      seen.map(({ type }) => type).join() === "ADDED,DELETED,ADDED",
      "entering is ADDED, leaving is DELETED, the draft was never seen",
    );
    expect(
      first.resourceVersion === entered.metadata.resourceVersion &&
        second.resourceVersion === left.metadata.resourceVersion,
      "each at the version of the write that moved it",
    );
    const there = await scratch.get(key, { signal });
    expect(there.metadata.uid === entered.metadata.uid, "the object itself was there all along");
  },
};
