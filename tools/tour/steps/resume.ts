/** A watcher disconnects and resumes from the last version it saw: it receives exactly the events it missed. */
import { type Change, EventReader, formatChange } from "../events.ts";
import type { ConfigMap } from "../kinds.ts";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

const writes = 6;
const readBeforeLeaving = 2;

export const resume: Step = {
  id: "resume",
  title: "Resume a watch from a version",
  async run({ scratch, signal, say, fact, expect }) {
    const namespace = scratchNamespace;
    const start = (await scratch.list({ namespace, signal })).resourceVersion;
    for (let i = 1; i <= writes; i++) {
      await scratch.create({ metadata: { namespace, name: `letter-${i}` } }, { signal });
    }
    say(`${writes} objects were created after version ${start}, while no watch was open`);

    const seen: Change<ConfigMap>[] = [];
    {
      await using first = new EventReader(scratch.watch({ namespace, resourceVersion: start, signal }));
      seen.push(...(await first.take(readBeforeLeaving)));
    }
    const last = seen.at(-1)?.resourceVersion ?? start;
    say(`a watch from ${start} read ${readBeforeLeaving} events and left at version ${last}`);
    await using second = new EventReader(scratch.watch({ namespace, resourceVersion: last, signal }));
    seen.push(...(await second.take(writes - readBeforeLeaving)));
    for (const change of seen.slice(readBeforeLeaving)) say(formatChange(change));

    fact("from", start);
    fact("resumedFrom", last);
    fact("events", seen.length);
    const names = seen.map(({ object }) => object.metadata.name);
    const wanted = Array.from({ length: writes }, (_, i) => `letter-${i + 1}`);
    expect(
      names.join() === wanted.join(),
      "both watches together saw each object once, in order, none missing",
    );
  },
};
