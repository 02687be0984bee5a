/** Times to live: a lower bound, kept by updates, seen by watches. */
import { isStoreError } from "keelson";
import { describe, expect } from "vitest";
import { thrownBy } from "../support/failures.ts";
import { withTimeEnough } from "../support/time/patience.ts";
import { claim, eventsUntil, type Suite, shortly, widget, widgetKind } from "./implementation.ts";

export function ttlConformance(suite: Suite): void {
  const reader = () => suite.subject().reader(widgetKind);
  const writer = () => suite.subject().writer(widgetKind);

  describe("ttlSeconds", () => {
    claim(suite, "an object with ttlSeconds goes by itself, and a watch sees it go", async () => {
      const namespace = await suite.freshNamespace();
      const watch = reader().watch({ namespace });
      await watch.ready();
      await writer().create(widget(namespace, "stays"));
      await writer().create(widget(namespace, "short"), { ttlSeconds: 2 });
      const events = await eventsUntil(watch, (all) => shortly(all).includes("DELETED short"));
      expect(shortly(events)).toEqual(["ADDED stays", "ADDED short", "DELETED short"]);
      expect(await thrownBy(reader().get({ namespace, name: "short" }))).toMatchObject({
        code: "NOT_FOUND",
      });
      await reader().get({ namespace, name: "stays" });
    });

    claim(
      suite,
      "an update without ttlSeconds keeps what is left, and so does one that changes nothing",
      async () => {
        const namespace = await suite.freshNamespace();
        await withTimeEnough(2_000, async (ttlMs) => {
          const [name, begunMs] = [`short-${ttlMs}`, performance.now()];
          const watch = reader().watch({ namespace, name });
          await watch.ready();
          const made = await writer().create(widget(namespace, name, 1), { ttlSeconds: ttlMs / 1_000 });
          try {
            const updated = await writer().update({ ...made, spec: { size: 2 } });
            expect(await writer().update(updated)).toEqual(updated);
          } catch (error) {
            // Gone before it was updated: only when that took as long as it was to live.
            if (!isStoreError(error, "NOT_FOUND") || performance.now() - begunMs < ttlMs) throw error;
            await watch[Symbol.asyncDispose]();
            return undefined;
          }
          const events = await eventsUntil(watch, (all) => shortly(all).includes(`DELETED ${name}`));
          expect(shortly(events)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
          return "told";
        });
      },
    );

    claim(suite, "ttlSeconds that is no whole number above 0 is INVALID_ARGUMENT", async () => {
      for (const ttlSeconds of [0, -5, 2.5, Number.NaN]) {
        expect(await thrownBy(writer().create(widget("default", "x"), { ttlSeconds }))).toMatchObject({
          code: "INVALID_ARGUMENT",
        });
      }
    });
  });
}
