/**
 * A quota refuses an object above the limit, reports why, and accepts it after a delete. It is exact for any number of
 * writers.
 */
import { isStoreError } from "keelson";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

const limit = 3;
const name = "count/configmaps";

export const quota: Step = {
  id: "quota",
  title: "A quota that holds",
  async run({ scratch, store, signal, say, fact, expect }) {
    const draft = (index: number) => ({
      metadata: { namespace: scratchNamespace, name: `seat-${index}` },
      data: {},
    });
    await store.quotas.set(scratchNamespace, { name: "seats", hard: { [name]: limit } }, { signal });
    try {
      say(`limited to ${limit} config maps; ten writers try at once`);
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, index) => scratch.create(draft(index), { signal })),
      );
      const made = results.filter((result) => result.status === "fulfilled");
      const refusals = results.flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );
      const [first] = refusals;
      if (first instanceof Error) say(first.message);
      expect(
        made.length === limit && refusals.every((error) => isStoreError(error, "QUOTA_EXCEEDED")),
        `${made.length} were created, ${refusals.length} refused: QUOTA_EXCEEDED`,
      );
      const [one] = made;
      if (one?.status === "fulfilled") {
        await scratch.delete({ namespace: scratchNamespace, name: one.value.metadata.name }, { signal });
      }
      await scratch.create(draft(limit + 10), { signal });
      const status = await store.quotas.get(scratchNamespace, { name: "seats", signal });
      fact("used", status.used[name] ?? -1);
      expect(
        status.used[name] === limit,
        `after a delete there is room for one more: used ${status.used[name]} of ${limit}`,
      );
    } finally {
      await store.quotas.remove(scratchNamespace, { name: "seats", signal });
    }
  },
};
