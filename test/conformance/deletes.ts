/** Deletes: results, preconditions, validation, finalizers, grace, policies, collections. */
import { isPending } from "keelson";
import { describe, expect } from "vitest";
import { thrownBy } from "../support/failures.ts";
import { claim, type Suite, widget, widgetKind } from "./implementation.ts";

export function deletesConformance(suite: Suite): void {
  const widgets = () => suite.subject().writer(widgetKind);

  describe("delete", () => {
    claim(suite, "delete() gives the last state with the deletion's version", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a", 3));
      const gone = await widgets().delete({ namespace, name: "a" });
      expect(gone).toEqual({
        ...made,
        metadata: { ...made.metadata, resourceVersion: gone.metadata.resourceVersion },
      });
      expect(BigInt(gone.metadata.resourceVersion)).toBeGreaterThan(BigInt(made.metadata.resourceVersion));
      expect(isPending(gone)).toBe(false);
      expect(await thrownBy(widgets().delete({ namespace, name: "a" }))).toMatchObject({
        code: "NOT_FOUND",
      });
    });

    claim(suite, "delete() holds preconditions against the live state, not the one last seen", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      const made = await widgets().create(widget(namespace, "a", 1));
      const other = suite.subject().store.resources(widgetKind);
      const live = await other.update({ ...made, spec: { size: 2 } });
      const stale = { resourceVersion: made.metadata.resourceVersion };
      expect(await thrownBy(widgets().delete(key, { preconditions: stale }))).toMatchObject({
        code: "PRECONDITION_FAILED",
        details: { field: "resourceVersion", actual: live.metadata.resourceVersion },
      });
      expect(await thrownBy(widgets().delete(key, { preconditions: { uid: "other" } }))).toMatchObject({
        code: "PRECONDITION_FAILED",
        details: { field: "uid" },
      });
      const { uid, resourceVersion } = live.metadata;
      await widgets().delete(key, { preconditions: { uid, resourceVersion } });
      expect(await thrownBy(widgets().get(key))).toMatchObject({ code: "NOT_FOUND" });
    });

    claim(suite, "delete() throws what validate throws, and runs it on the live state", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      const made = await widgets().create(widget(namespace, "a", 1));
      const refusal = new Error("still in use");
      const validate = (current: { spec: { size: number } }): void => {
        if (current.spec.size === 1) throw refusal;
      };
      expect(await thrownBy(widgets().delete(key, { validate }))).toBe(refusal);
      await widgets().update({ ...made, spec: { size: 2 } });
      expect((await widgets().delete(key, { validate })).spec.size).toBe(2);
    });

    claim(
      suite,
      "delete() of an object with finalizers marks it; the last finalizer's removal deletes it",
      async () => {
        const namespace = await suite.freshNamespace();
        const key = { namespace, name: "a" };
        await widgets().create(widget(namespace, "a", 1, { finalizers: ["example.com/x", "example.com/y"] }));
        const marked = await widgets().delete(key);
        expect(isPending(marked)).toBe(true);
        expect(marked.metadata.deletionTimestamp).toMatch(/Z$/);
        expect(await widgets().get(key)).toEqual(marked);
        expect(await widgets().delete(key)).toEqual(marked);
        const one = await widgets().guaranteedUpdate(key, (current) => ({
          ...current,
          metadata: { ...current.metadata, finalizers: ["example.com/y"] },
        }));
        expect(isPending(one)).toBe(true);
        const last = await widgets().guaranteedUpdate(key, (current) => ({
          ...current,
          metadata: { ...current.metadata, finalizers: [] },
        }));
        expect(BigInt(last.metadata.resourceVersion)).toBeGreaterThan(BigInt(one.metadata.resourceVersion));
        expect(await thrownBy(widgets().get(key))).toMatchObject({ code: "NOT_FOUND" });
      },
    );

    claim(suite, "delete() with a grace period only marks; a later one with 0 finishes", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      await widgets().create(widget(namespace, "a"));
      const marked = await widgets().delete(key, { gracePeriodSeconds: 30 });
      expect(marked.metadata.deletionGracePeriodSeconds).toBe(30);
      expect(isPending(marked)).toBe(true);
      const longer = await widgets().delete(key, { gracePeriodSeconds: 60 });
      expect(longer).toEqual(marked);
      const shorter = await widgets().delete(key, { gracePeriodSeconds: () => 10 });
      expect(shorter.metadata.deletionGracePeriodSeconds).toBe(10);
      const gone = await widgets().delete(key, { gracePeriodSeconds: 0 });
      expect(isPending(gone)).toBe(false);
      expect(await thrownBy(widgets().get(key))).toMatchObject({ code: "NOT_FOUND" });
    });

    claim(suite, "delete() keeps a propagation policy as a finalizer", async () => {
      const namespace = await suite.freshNamespace();
      const expected = { Orphan: "orphan", Foreground: "foregroundDeletion" } as const;
      for (const propagationPolicy of ["Orphan", "Foreground"] as const) {
        const name = propagationPolicy.toLowerCase();
        await widgets().create(widget(namespace, name));
        const marked = await widgets().delete({ namespace, name }, { propagationPolicy });
        expect(marked.metadata.finalizers).toEqual([expected[propagationPolicy]]);
        expect(isPending(marked)).toBe(true);
      }
      await widgets().create(widget(namespace, "background"));
      await widgets().delete({ namespace, name: "background" }, { propagationPolicy: "Background" });
      expect(await thrownBy(widgets().get({ namespace, name: "background" }))).toMatchObject({
        code: "NOT_FOUND",
      });
    });

    claim(suite, "delete() racing with itself succeeds exactly once", async () => {
      const namespace = await suite.freshNamespace();
      await widgets().create(widget(namespace, "a"));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => widgets().delete({ namespace, name: "a" })),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });
  });

  describe("deleteCollection", () => {
    claim(suite, "deleteCollection() deletes what is selected and nothing else", async () => {
      const [here, there] = [await suite.freshNamespace(), await suite.freshNamespace()];
      await widgets().createMany([
        ...Array.from({ length: 30 }, (_, i) =>
          widget(here, `w-${i}`, i, { labels: { app: i % 2 === 0 ? "even" : "odd" } }),
        ),
        widget(there, "w-0", 0, { labels: { app: "even" } }),
      ]);
      const result = await widgets().deleteCollection({ namespace: here, labelSelector: "app=even" });
      expect(result).toEqual({ deleted: 15 });
      const left = await suite.subject().store.resources(widgetKind).list({ namespace: here });
      expect(left.items.map(({ metadata }) => metadata.labels?.["app"])).toEqual(Array(15).fill("odd"));
      await widgets().get({ namespace: there, name: "w-0" });
      expect(await widgets().deleteCollection({ namespace: here })).toEqual({ deleted: 15 });
    });
  });
}
