/** Times to live: a lower bound, kept by updates, seen by watches. */
import { describe, expect } from "vitest";
import { claim, eventsUntil, rejection, type Suite, shortly, widget, widgetKind } from "./implementation.ts";

export function ttlConformance(suite: Suite): void {
  const reader = () => suite.subject().reader(widgetKind);
  const writer = () => suite.subject().writer(widgetKind);

  describe("ttlSeconds", () => {
    claim(suite, "an object with ttlSeconds goes by itself, and a watch sees it go", async () => {
      const namespace = await suite.freshNamespace();
      const watch = reader().watch({ namespace });
      await watch.ready();
      await writer().create(widget(namespace, "short"), { ttlSeconds: 2 });
      await writer().create(widget(namespace, "stays"));
      const events = await eventsUntil(watch, (all) => shortly(all).includes("DELETED short"));
      expect(shortly(events)).toEqual(["ADDED short", "ADDED stays", "DELETED short"]);
      expect(await rejection(reader().get({ namespace, name: "short" }))).toMatchObject({
        code: "NOT_FOUND",
      });
      await reader().get({ namespace, name: "stays" });
    });

    claim(
      suite,
      "an update without ttlSeconds keeps what is left, and so does one that changes nothing",
      async () => {
        const namespace = await suite.freshNamespace();
        const watch = reader().watch({ namespace });
        await watch.ready();
        const made = await writer().create(widget(namespace, "short", 1), { ttlSeconds: 2 });
        const updated = await writer().update({ ...made, spec: { size: 2 } });
        expect(await writer().update(updated)).toEqual(updated);
        const events = await eventsUntil(watch, (all) => shortly(all).includes("DELETED short"));
        expect(shortly(events)).toEqual(["ADDED short", "MODIFIED short", "DELETED short"]);
      },
    );

    claim(suite, "ttlSeconds below etcd's minimum is INVALID_ARGUMENT", async () => {
      for (const ttlSeconds of [0, 1, -5, 2.5, Number.NaN]) {
        expect(await rejection(writer().create(widget("default", "x"), { ttlSeconds }))).toMatchObject({
          code: "INVALID_ARGUMENT",
        });
      }
    });
  });
}
