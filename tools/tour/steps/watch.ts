/** A watch delivers changes as they happen: ADDED, MODIFIED, DELETED. */
import { EventReader, formatChange } from "../events.ts";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

export const watch: Step = {
  id: "watch",
  title: "Watch a namespace as it changes",
  async run({ scratch, signal, say, fact, expect }) {
    const key = { namespace: scratchNamespace, name: "greeting" };
    await using events = new EventReader(scratch.watch({ namespace: scratchNamespace, signal }));
    await events.ready(signal);

    const created = await scratch.create({ metadata: key, data: { text: "hello" } }, { signal });
    const added = await events.next();
    say(formatChange(added));
    const updated = await scratch.update({ ...created, data: { text: "good evening" } }, { signal });
    const modified = await events.next();
    say(formatChange(modified));
    const gone = await scratch.delete(key, { signal });
    const deleted = await events.next();
    say(formatChange(deleted));

    const seen = [added, modified, deleted];
    fact(
      "events",
      seen.map(({ type, resourceVersion }) => `${type}@${resourceVersion}`),
    );
    expect(
      seen.map(({ type }) => type).join() === "ADDED,MODIFIED,DELETED",
      "each write is one event, in order",
    );
    const written = [created, updated, gone].map(({ metadata }) => metadata.resourceVersion);
    expect(
      seen.map(({ resourceVersion }) => resourceVersion).join() === written.join(),
      "each event has the version its writer was given",
    );
    expect(deleted.object.data?.["text"] === "good evening", "a deletion carries the object's last state");
  },
};
