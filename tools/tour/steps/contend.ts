/** Many writers add to one counter at once: guaranteedUpdate retries until each has counted, none twice. */
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

const writers = 20;

export const contend: Step = {
  id: "contend",
  title: `${writers} writers update one object at once`,
  async run({ scratch, signal, say, fact, expect }) {
    const key = { namespace: scratchNamespace, name: "visits" };
    await scratch.create({ metadata: key, data: { count: "0" } }, { signal });
    let attempts = 0;
    const results = await Promise.all(
      Array.from({ length: writers }, () =>
        scratch.guaranteedUpdate(
          key,
          (current) => {
            attempts++;
            return { ...current, data: { count: String(Number(current.data?.["count"]) + 1) } };
          },
          { signal },
        ),
      ),
    );
    const last = await scratch.get(key, { signal });
    say(`${writers} writers, ${attempts} attempts, the counter is at ${last.data?.["count"]}`);
    fact("writers", writers);
    fact("attempts", attempts);
    fact("count", Number(last.data?.["count"]));
    expect(last.data?.["count"] === String(writers), "every write counted once");
    const versions = new Set(results.map(({ metadata }) => metadata.resourceVersion));
    expect(versions.size === writers, "every writer was given a version of its own");
  },
};
