/**
 * Two writers read the same object and both write it: one succeeds, the other gets a conflict with the current version.
 */
import { isStoreError } from "keelson";
import { messageOf } from "../../../src/base/text/message-of.ts";
import type { Step } from "../step.ts";
import { scratchNamespace } from "../world.ts";

export const race: Step = {
  id: "race",
  title: "Two writers race for one object",
  async run({ scratch, signal, say, fact, expect }) {
    const key = { namespace: scratchNamespace, name: "banner" };
    await scratch.create({ metadata: key, data: { text: "closed" } }, { signal });
    const writers = ["alice", "bob"];
    const copies = await Promise.all(writers.map(() => scratch.get(key, { signal })));
    say(`alice and bob both read version ${copies[0]?.metadata.resourceVersion}`);
    const outcomes = await Promise.allSettled(
      copies.map((copy, i) =>
        scratch.update({ ...copy, data: { text: `open, says ${writers[i]}` } }, { signal }),
      ),
    );
    const winners = outcomes.flatMap((outcome, i) =>
      outcome.status === "fulfilled" ? [{ ...outcome, i }] : [],
    );
    const losers = outcomes.flatMap((outcome, i) =>
      outcome.status === "rejected" ? [{ ...outcome, i }] : [],
    );
    const [winner, loser] = [winners[0], losers[0]];
    if (winner === undefined || loser === undefined) {
      expect(false, `one of two writers wins (${winners.length} did)`);
      return;
    }
    const { reason } = loser;
    say(`${writers[winner.i]} wrote version ${winner.value.metadata.resourceVersion}`);
    say(`${writers[loser.i]} got: ${messageOf(reason)}`);
    fact("winner", writers[winner.i] ?? "");
    expect(
      winners.length === 1 && isStoreError(reason, "CONFLICT"),
      "one write holds, the other is refused: CONFLICT",
    );
    const last = await scratch.get(key, { signal });
    expect(last.data?.["text"] === winner.value.data?.["text"], "what is stored is the winner's");
  },
};
