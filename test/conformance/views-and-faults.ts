/** Views of objects, damaged objects, aborts and ends of calls. */
import { defineView, isStoreError, jsonView, metadataView, type StoreError, type View } from "keelson";
import { describe, expect } from "vitest";
import { thrownBy } from "../support/failures.ts";
import { withTimeEnough } from "../support/time/patience.ts";
import {
  claim,
  eventsUntil,
  type Suite,
  shortly,
  type Widget,
  watchFrom,
  widget,
  widgetKind,
} from "./implementation.ts";

const sizeView = defineView<Widget, string>({
  name: "size",
  project: ({ metadata, spec }) => `${metadata.name}=${spec.size}`,
});

/** A view of a view's values, which are no resources. */
const upperView: View<string, string> = {
  name: "upper",
  from: "object",
  project: (text) => text.toUpperCase(),
};

export function viewsAndFaultsConformance(suite: Suite): void {
  const reader = () => suite.subject().reader(widgetKind);
  const writer = () => suite.subject().writer(widgetKind);

  describe("as", () => {
    claim(suite, "as(view) reads, lists and watches the view's values", async () => {
      const namespace = await suite.freshNamespace();
      const start = await suite.subject().store.currentResourceVersion();
      const made = await writer().create(widget(namespace, "a", 1, { labels: { app: "x" } }));
      await writer().create(widget(namespace, "b", 2));
      const sizes = reader().as(sizeView);
      expect(await sizes.get({ namespace, name: "a" })).toBe("a=1");
      expect((await sizes.list({ namespace })).items).toEqual(["a=1", "b=2"]);
      expect((await sizes.list({ namespace, labelSelector: "app=x" })).items).toEqual(["a=1"]);
      await suite.subject().reached(widgetKind, start);
      const events = [];
      for await (const event of sizes.watch({ namespace, resourceVersion: start })) {
        if (event.type !== "BOOKMARK") events.push([event.type, event.object]);
        if (events.length === 2) break;
      }
      expect(events).toEqual([
        ["ADDED", "a=1"],
        ["ADDED", "b=2"],
      ]);
      const json = await reader().as(jsonView).get({ namespace, name: "a" });
      expect(JSON.parse(new TextDecoder().decode(json))).toEqual(made);
      const { apiVersion, kind, metadata } = made;
      expect(await reader().as(metadataView).get({ namespace, name: "a" })).toEqual({
        apiVersion,
        kind,
        metadata,
      });
      const upper = reader().as(sizeView).as(upperView);
      expect(await upper.get({ namespace, name: "b" })).toBe("B=2");
    });
  });

  describe("damaged objects", () => {
    /** Writes nonsense where an object was, behind the store's back. */
    const damage = async (namespace: string, name: string): Promise<string> => {
      const key = `/registry/example.com/widgets/${namespace}/${name}`;
      const { header } = await suite.subject().etcd.kv.put({ key, value: "\u0000nonsense" });
      return header.revision.toString();
    };

    claim(
      suite,
      "a damaged object is CORRUPT_OBJECT with its key, and hides no other with onCorrupt",
      async () => {
        const namespace = await suite.freshNamespace();
        await writer().createMany([1, 2, 3].map((i) => widget(namespace, `w-${i}`, i)));
        const version = await damage(namespace, "w-2");
        const key = `/registry/example.com/widgets/${namespace}/w-2`;
        const read = { consistency: "notOlderThan", resourceVersion: version } as const;
        const details = { key, name: "w-2", namespace };
        expect(await thrownBy(reader().get({ namespace, name: "w-2" }, { read }))).toMatchObject({
          code: "CORRUPT_OBJECT",
          details: { ...details, resourceVersion: version },
        });
        expect(await thrownBy(reader().list({ namespace, read }))).toMatchObject({
          code: "CORRUPT_OBJECT",
          details,
        });
        const found: StoreError[] = [];
        const page = await reader().list({ namespace, read, onCorrupt: (error) => found.push(error) });
        expect(page.items.map(({ metadata }) => metadata.name)).toEqual(["w-1", "w-3"]);
        expect(found.map((error) => isStoreError(error, "CORRUPT_OBJECT") && error.details.key)).toEqual([
          key,
        ]);
        expect(await thrownBy(writer().delete({ namespace, name: "w-2" }))).toMatchObject({
          code: "CORRUPT_OBJECT",
        });
        await suite.subject().etcd.kv.deleteRange({ key });
      },
    );

    claim(
      suite,
      "a watch that meets a damaged object delivers what came before and ends CORRUPT_OBJECT",
      async () => {
        const namespace = await suite.freshNamespace();
        const start = await suite.subject().store.currentResourceVersion();
        await writer().create(widget(namespace, "a"));
        await writer().create(widget(namespace, "b"));
        const version = await damage(namespace, "b");
        await writer().create(widget(namespace, "c"));
        const watch = await watchFrom(suite, { namespace, resourceVersion: start });
        const seen: string[] = [];
        const failure = await (async () => {
          for await (const event of watch) seen.push(...shortly([event]));
          return undefined;
        })().catch((error: unknown) => error);
        expect(failure).toMatchObject({
          code: "CORRUPT_OBJECT",
          details: { key: `/registry/example.com/widgets/${namespace}/b`, resourceVersion: version },
        });
        expect(seen).toEqual(["ADDED a", "ADDED b"]);
        const behind = await watchFrom(suite, { namespace, resourceVersion: version });
        expect(shortly(await eventsUntil(behind, (events) => events.length === 1))).toEqual(["ADDED c"]);
        await suite.subject().etcd.kv.deleteRange({ key: `/registry/example.com/widgets/${namespace}/b` });
      },
    );
  });

  describe("ends of calls", () => {
    claim(suite, "a call with an aborted signal rejects with the signal's reason", async () => {
      const reason = new Error("not any more");
      const signal = AbortSignal.abort(reason);
      const key = { namespace: "default", name: "never" };
      const calls = [
        () => reader().get(key, { signal }),
        () => reader().list({ signal }),
        () => writer().create(widget("default", "never"), { signal }),
        () => writer().delete(key, { signal }),
        () => writer().guaranteedUpdate(key, (current) => current, { signal }),
        () => writer().deleteCollection({ namespace: "never", signal }),
        () => writer().createMany([widget("default", "never")], { signal }),
      ];
      for (const call of calls) expect(await thrownBy(call())).toBe(reason);
    });

    claim(
      suite,
      "guaranteedUpdate() whose mutate hangs ends at its time and lets the next one in",
      async () => {
        const namespace = await suite.freshNamespace();
        const key = { namespace, name: "a" };
        await writer().create(widget(namespace, "a", 1));
        const seen = await withTimeEnough(200, async (timeoutMs) => {
          let given: AbortSignal | undefined;
          const hanging = writer().guaranteedUpdate(
            key,
            (_current, { signal }) => {
              given = signal;
              return new Promise(() => undefined);
            },
            { timeoutMs },
          );
          const next = writer().guaranteedUpdate(key, (current) => ({ ...current, spec: { size: 2 } }));
          expect(await thrownBy(hanging)).toMatchObject({ code: "DEADLINE" });
          expect((await next).spec.size).toBe(2);
          // Undefined when its time was over before there was anything to mutate.
          return given;
        });
        expect(seen.aborted).toBe(true);
      },
    );
  });
}
