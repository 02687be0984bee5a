/** Writes: creates, updates, guaranteedUpdate, status, dry runs, bulk loads. */
import { isStoreError, StoreError } from "keelson";
import { describe, expect } from "vitest";
import { thrownBy } from "../support/failures.ts";
import { claim, machineKind, type Suite, type Widget, widget, widgetKind } from "./implementation.ts";

export function writesConformance(suite: Suite): void {
  const widgets = () => suite.subject().writer(widgetKind);

  describe("create", () => {
    claim(suite, "create() gives identity, version, generation and time", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a", 3));
      expect(made).toMatchObject({ apiVersion: "example.com/v1", kind: "Widget", spec: { size: 3 } });
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
      expect(made.metadata.generation).toBe(1);
      expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(await widgets().get({ namespace, name: "a" })).toEqual(made);
    });

    claim(suite, "create() of a name that is taken is ALREADY_EXISTS and changes nothing", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a", 1));
      const error = await thrownBy(widgets().create(widget(namespace, "a", 2)));
      expect(isStoreError(error, "ALREADY_EXISTS") && error.details.resourceVersion).toBe(
        made.metadata.resourceVersion,
      );
      expect(await widgets().get({ namespace, name: "a" })).toEqual(made);
    });

    claim(suite, "create() with generateName makes up different names", async () => {
      const namespace = await suite.freshNamespace();
      const draft = { metadata: { namespace, generateName: "w-" }, spec: { size: 1 } };
      const made = await Promise.all(Array.from({ length: 8 }, () => widgets().create(draft)));
      const names = made.map(({ metadata }) => metadata.name);
      expect(new Set(names).size).toBe(8);
      for (const name of names) expect(name).toMatch(/^w-[a-z0-9]+$/);
    });

    claim(suite, "create() after a delete makes another object of the same name", async () => {
      const namespace = await suite.freshNamespace();
      const first = await widgets().create(widget(namespace, "a"));
      const gone = await widgets().delete({ namespace, name: "a" });
      const second = await widgets().create(widget(namespace, "a"));
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
      expect(BigInt(second.metadata.resourceVersion)).toBeGreaterThan(BigInt(gone.metadata.resourceVersion));
    });

    claim(suite, "create() refuses what the kind finds wrong with INVALID_OBJECT", async () => {
      const namespace = await suite.freshNamespace();
      const error = await thrownBy(widgets().create(widget(namespace, "a", -1)));
      expect(isStoreError(error, "INVALID_OBJECT") && error.details.errors[0]?.field).toBe("spec.size");
    });

    claim(suite, "create() in a namespace that is missing is NAMESPACE_NOT_FOUND", async () => {
      expect(await thrownBy(widgets().create(widget("nowhere", "a")))).toMatchObject({
        code: "NAMESPACE_NOT_FOUND",
        details: { namespace: "nowhere" },
      });
    });

    claim(suite, "create() racing with itself succeeds exactly once", async () => {
      const namespace = await suite.freshNamespace();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, i) => widgets().create(widget(namespace, "a", i))),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ALREADY_EXISTS" });
      }
    });
  });

  describe("update", () => {
    claim(suite, "update() of a stale version is CONFLICT and changes nothing", async () => {
      const namespace = await suite.freshNamespace();
      const first = await widgets().create(widget(namespace, "a", 1));
      const second = await widgets().update({ ...first, spec: { size: 2 } });
      const error = await thrownBy(widgets().update({ ...first, spec: { size: 3 } }));
      expect(error).toMatchObject({
        code: "CONFLICT",
        details: { expected: first.metadata.resourceVersion, actual: second.metadata.resourceVersion },
      });
      expect(await widgets().get({ namespace, name: "a" })).toEqual(second);
    });

    claim(suite, "update() without a resourceVersion overwrites whatever is there", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a", 1));
      await widgets().update({ ...made, spec: { size: 2 } });
      const { resourceVersion: _, ...metadata } = made.metadata;
      const object = { ...made, metadata, spec: { size: 3 } } as unknown as Widget;
      expect((await widgets().update(object)).spec.size).toBe(3);
    });

    claim(suite, "update() of an object that is absent is NOT_FOUND", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a"));
      await widgets().delete({ namespace, name: "a" });
      expect(await thrownBy(widgets().update(made))).toMatchObject({ code: "NOT_FOUND" });
    });

    claim(suite, "update() of another object of the same name is CONFLICT", async () => {
      const namespace = await suite.freshNamespace();
      const first = await widgets().create(widget(namespace, "a"));
      await widgets().delete({ namespace, name: "a" });
      const second = await widgets().create(widget(namespace, "a"));
      const object = { ...second, metadata: { ...second.metadata, uid: first.metadata.uid } };
      expect(await thrownBy(widgets().update(object))).toMatchObject({ code: "CONFLICT" });
    });

    claim(suite, "update() that changes nothing writes nothing", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a"));
      expect(await widgets().update(structuredClone(made))).toEqual(made);
      const { spec, ...rest } = made;
      const { colour: _, ...sameSpec } = { ...spec, colour: undefined };
      expect(await widgets().update({ ...rest, spec: sameSpec })).toEqual(made);
    });

    claim(suite, "update() leaves the store's own fields as they are", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a"));
      const metadata = {
        ...made.metadata,
        generation: 77,
        creationTimestamp: "2001-01-01T00:00:00Z",
        deletionTimestamp: "2001-01-01T00:00:00Z",
        labels: { app: "x" },
      };
      const updated = await widgets().update({ ...made, metadata });
      expect(updated.metadata).toEqual({
        ...made.metadata,
        labels: { app: "x" },
        resourceVersion: updated.metadata.resourceVersion,
      });
    });

    claim(suite, "update() cannot touch status, and status cannot touch the rest", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create({ ...widget(namespace, "a", 1), status: { phase: "New" } });
      const main = await widgets().update({ ...made, spec: { size: 2 }, status: { phase: "Forged" } });
      expect(main).toMatchObject({
        spec: { size: 2 },
        status: { phase: "New" },
        metadata: { generation: 2 },
      });
      const status = await widgets().update(
        { ...main, spec: { size: 9 }, status: { phase: "Ready" } },
        { subresource: "status" },
      );
      expect(status).toMatchObject({
        spec: { size: 2 },
        status: { phase: "Ready" },
        metadata: { generation: 2 },
      });
      const all = await widgets().update(
        { ...status, spec: { size: 3 }, status: { phase: "Done" } },
        { subresource: "all" },
      );
      expect(all).toMatchObject({
        spec: { size: 3 },
        status: { phase: "Done" },
        metadata: { generation: 3 },
      });
    });

    claim(suite, "update() of the status of a kind without one is INVALID_ARGUMENT", async () => {
      const machines = suite.subject().writer(machineKind);
      const made = await machines.create({ metadata: { generateName: "m-" }, spec: { zone: "z1" } });
      expect(await thrownBy(machines.update(made, { subresource: "status" }))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    });

    claim(suite, "update() whose precondition fails is PRECONDITION_FAILED", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a"));
      const changed = { ...made, spec: { size: 5 } };
      for (const preconditions of [{ uid: "other" }, { resourceVersion: "1" }]) {
        expect(await thrownBy(widgets().update(changed, { preconditions }))).toMatchObject({
          code: "PRECONDITION_FAILED",
        });
      }
      const { uid, resourceVersion } = made.metadata;
      const updated = await widgets().update(changed, { preconditions: { uid, resourceVersion } });
      expect(updated.spec.size).toBe(5);
    });

    claim(suite, "the object given to update() stays the caller's", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a"));
      const given = { ...structuredClone(made), spec: { size: 4 } };
      const before = structuredClone(given);
      const updated = await widgets().update(given);
      expect(given).toEqual(before);
      given.spec.size = 99;
      expect(updated.spec.size).toBe(4);
    });
  });

  describe("guaranteedUpdate", () => {
    claim(
      suite,
      "guaranteedUpdate() by 64 writers at once loses no update and tells each its own",
      async () => {
        const namespace = await suite.freshNamespace();
        await widgets().create(widget(namespace, "counter", 0));
        const results = await Promise.all(
          Array.from({ length: 64 }, () =>
            widgets().guaranteedUpdate({ namespace, name: "counter" }, (current) => ({
              ...current,
              spec: { size: current.spec.size + 1 },
            })),
          ),
        );
        const sizes = results.map(({ spec }) => spec.size).sort((a, b) => a - b);
        expect(sizes).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
        expect((await widgets().get({ namespace, name: "counter" })).spec.size).toBe(64);
      },
    );

    claim(
      suite,
      "guaranteedUpdate() of an absent object is NOT_FOUND, or creates it when told to",
      async () => {
        const namespace = await suite.freshNamespace();
        const key = { namespace, name: "a" };
        expect(await thrownBy(widgets().guaranteedUpdate(key, (current) => current))).toMatchObject({
          code: "NOT_FOUND",
        });
        let ran = 0;
        const created = await widgets().guaranteedUpdate(
          key,
          (current) => {
            ran++;
            return current;
          },
          { createIfMissing: () => widget(namespace, "a", 7) },
        );
        expect([created.spec.size, ran]).toEqual([7, 0]);
      },
    );

    claim(suite, "guaranteedUpdate() throws what mutate throws, about the live state", async () => {
      const namespace = await suite.freshNamespace();
      await widgets().create(widget(namespace, "a", 1));
      const failure = new Error("no");
      const seen: number[] = [];
      const error = await thrownBy(
        widgets().guaranteedUpdate({ namespace, name: "a" }, (current) => {
          seen.push(current.spec.size);
          throw failure;
        }),
      );
      expect(error).toBe(failure);
      expect(new Set(seen)).toEqual(new Set([1]));
    });

    claim(suite, "guaranteedUpdate() runs mutate again on what another writer has stored", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      await widgets().create(widget(namespace, "a", 1));
      const seen: number[] = [];
      const result = await widgets().guaranteedUpdate(key, async (current, { number }) => {
        seen.push(current.spec.size);
        if (number === 1) {
          const live = await widgets().get(key);
          await widgets().update({ ...live, spec: { size: 10 } });
        }
        return { ...current, spec: { size: current.spec.size + 1 } };
      });
      expect(result.spec.size).toBe(11);
      expect(seen).toEqual([1, 10]);
    });

    claim(suite, "guaranteedUpdate() of the same object inside mutate does not hang", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      await widgets().create(widget(namespace, "a", 1));
      const grow = (current: Widget): Widget => ({ ...current, spec: { size: current.spec.size + 1 } });
      const result = await widgets().guaranteedUpdate(key, async (current, { number }) => {
        if (number === 1) await widgets().guaranteedUpdate(key, grow);
        return grow(current);
      });
      expect(result.spec.size).toBe(3);
    });

    claim(suite, "guaranteedUpdate() that changes nothing writes nothing", async () => {
      const namespace = await suite.freshNamespace();
      const made = await widgets().create(widget(namespace, "a"));
      const same = await widgets().guaranteedUpdate({ namespace, name: "a" }, (current) => current);
      expect(same).toEqual(made);
    });

    claim(suite, "guaranteedUpdate() hands mutate a copy of its own", async () => {
      const namespace = await suite.freshNamespace();
      await widgets().create(widget(namespace, "a", 1));
      const result = await widgets().guaranteedUpdate({ namespace, name: "a" }, (current) => {
        current.spec.size = 2;
        return current;
      });
      expect(result.spec.size).toBe(2);
      expect(result.metadata.generation).toBe(2);
    });

    claim(suite, "guaranteedUpdate() refuses another object than the one asked for", async () => {
      const namespace = await suite.freshNamespace();
      await widgets().create(widget(namespace, "a", 1));
      const error = await thrownBy(
        widgets().guaranteedUpdate({ namespace, name: "a" }, (current) => ({
          ...current,
          metadata: { ...current.metadata, name: "b" },
        })),
      );
      expect(error).toMatchObject({ code: "INVALID_OBJECT" });
    });
  });

  describe("dry runs", () => {
    claim(suite, "a dry run of each write answers as the write would and changes nothing", async () => {
      const namespace = await suite.freshNamespace();
      const key = { namespace, name: "a" };
      const dry = await widgets().create(widget(namespace, "a", 1), { dryRun: true });
      expect(dry.spec.size).toBe(1);
      expect(await thrownBy(widgets().get(key))).toMatchObject({ code: "NOT_FOUND" });
      const made = await widgets().create(widget(namespace, "a", 1));
      expect(await thrownBy(widgets().create(widget(namespace, "a"), { dryRun: true }))).toMatchObject({
        code: "ALREADY_EXISTS",
      });
      const updated = await widgets().update({ ...made, spec: { size: 2 } }, { dryRun: true });
      expect(updated.spec.size).toBe(2);
      const mutated = await widgets().guaranteedUpdate(key, (c) => ({ ...c, spec: { size: 3 } }), {
        dryRun: true,
      });
      expect(mutated.spec.size).toBe(3);
      await widgets().delete(key, { dryRun: true });
      expect(await widgets().get(key)).toEqual(made);
    });
  });

  describe("createMany", () => {
    claim(suite, "createMany() has an outcome of its own for each draft, in order", async () => {
      const namespace = await suite.freshNamespace();
      await widgets().create(widget(namespace, "w-3"));
      const drafts = Array.from({ length: 150 }, (_, i) => widget(namespace, `w-${i}`, i === 5 ? -1 : i));
      const progress: number[] = [];
      const outcomes = await widgets().createMany(drafts, { onProgress: ({ done }) => progress.push(done) });
      expect(outcomes).toHaveLength(150);
      outcomes.forEach((outcome, i) => {
        if (i === 3) expect(outcome).toMatchObject({ code: "ALREADY_EXISTS" });
        else if (i === 5) expect(outcome).toMatchObject({ code: "INVALID_OBJECT" });
        else expect(outcome instanceof StoreError ? outcome : outcome.metadata.name).toBe(`w-${i}`);
      });
      expect(progress.at(-1)).toBe(150);
      const { items } = await suite.subject().store.resources(widgetKind).list({ namespace });
      expect(items).toHaveLength(149);
    });
  });
}
