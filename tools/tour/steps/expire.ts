/** An object with a time to live is deleted automatically, and watchers receive the event. */
import { EventReader, formatChange } from "../events.ts";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

/** etcd's minimum. */
const ttlSeconds = 2;

export const expire: Step = {
  id: "expire",
  title: `Let an object expire after ${ttlSeconds} seconds`,
  async run({ scratch, signal, say, fact, expect }) {
    const key = { namespace: scratchNamespace, name: "invitation" };
    await using events = new EventReader(scratch.watch({ namespace: scratchNamespace, signal }));
    await events.ready(signal);
    const startedMs = performance.now();
    const created = await scratch.create({ metadata: key }, { ttlSeconds, signal });
    say(formatChange(await events.next()));
    const expired = await events.next();
    const livedMs = Math.round(performance.now() - startedMs);
    say(`${formatChange(expired)}, ${(livedMs / 1000).toFixed(1)} s after it was created`);
    fact("livedMs", livedMs);
    expect(
      expired.type === "DELETED" && expired.object.metadata.uid === created.metadata.uid,
      "its end is a DELETED event with its last state",
    );
    expect(livedMs >= ttlSeconds * 1000, "it lived at least as long as it was given");
    const { items } = await scratch.list({ namespace: scratchNamespace, signal });
    expect(items.length === 0, "and it is in no list");
  },
};
