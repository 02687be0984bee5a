import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttributesOf } from "../../src/watch/state/attributes.ts";
import { DecodedValues } from "../../src/watch/state/decoded-values.ts";
import { KindState } from "../../src/watch/state/kind-state.ts";
import { Slabs } from "../../src/watch/state/slabs.ts";
import type { Incoming, Version } from "../../src/watch/state/version.ts";

/** The naive model: a full copy of the objects after every change. */
interface Model {
  readonly at: Map<string, { revision: bigint; app: string | undefined; text: string }>[];
}

const attributes = new AttributesOf({ indexes: ["label:app", "field:node"] });
const keys = ["/r/pods/a/1", "/r/pods/a/2", "/r/pods/a-b/1", "/r/pods/b/1", "/r/pods/b/2", "/r/pods/c/9"];
const apps = [undefined, "web", "db"];

function incoming(key: string, revision: bigint, app: string | undefined, text: string): Incoming {
  return {
    key,
    modRevision: revision,
    createRevision: revision,
    lease: 0n,
    bytes: new TextEncoder().encode(text),
    corrupt: undefined,
    storedBytes: text.length,
    stale: text.length % 2 === 1,
    attributes: attributes.of({
      metadata: { labels: app === undefined ? {} : { app } } as never,
      fields: { node: key.slice(-1) },
    }),
  };
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ put: fc.constantFrom(...keys), app: fc.constantFrom(...apps), text: fc.string() }),
  },
  { weight: 3, arbitrary: fc.record({ remove: fc.constantFrom(...keys) }) },
  { weight: 1, arbitrary: fc.record({ forget: fc.integer({ min: 0, max: 16 }).map((n) => n / 16) }) },
);

function texts(versions: readonly Version[]): string[] {
  return versions.map(
    (v) => `${v.entry.key}@${v.modRevision}=${new TextDecoder().decode(v.bytes)}:${v.stale}`,
  );
}

describe("KindState", () => {
  it("answers every read at every held position as full copies would, by index or not", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slabs = new Slabs();
        const state = new KindState(2, slabs, new DecodedValues(0));
        const model: Model = { at: [new Map()] };
        let revision = 10n;
        let held = 0;
        for (const one of steps) {
          revision += 1n;
          const last = new Map(model.at.at(-1));
          if ("put" in one) {
            state.put(revision, incoming(one.put, revision, one.app, one.text));
            last.set(one.put, { revision, app: one.app, text: one.text });
            model.at.push(last);
          } else if ("remove" in one) {
            const change = state.remove(revision, one.remove);
            expect(change !== undefined).toBe(last.delete(one.remove));
            if (change !== undefined) model.at.push(last);
          } else {
            held = Math.max(held, Math.floor(one.forget * state.position));
            state.forgetBefore(held);
          }
        }
        expect(state.position).toBe(model.at.length - 1);
        // An index lists what has, or at some held position had, the value: no more, no less.
        for (const app of ["web", "db"]) {
          const listed = model.at
            .slice(held)
            .flatMap((objects) =>
              [...objects].filter(([, object]) => object.app === app).map(([key]) => key),
            );
          expect(state.postingSize({ index: 0, values: [app] })).toBe(new Set(listed).size);
        }
        expect(state.size).toBe(model.at.at(-1)?.size);
        for (let position = held; position <= state.position; position++) {
          const expected = [...(model.at[position] ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
          const read = (
            from: string,
            end: string,
            pick: Parameters<KindState["scan"]>[2],
            limit = 1000,
          ): Version[] => {
            const found: Version[] = [];
            state.scan({ from, end }, position, pick, (version) => found.push(version) < limit);
            return found;
          };
          const wanted = (filter: (key: string, app: string | undefined) => boolean): string[] =>
            expected
              .filter(([key, { app }]) => filter(key, app))
              .map(
                ([key, v]) =>
                  `${key}@${v.revision}=${new TextDecoder().decode(new TextEncoder().encode(v.text))}:${v.text.length % 2 === 1}`,
              );
          expect(texts(read("/r/pods/", "/r/pods0", undefined))).toEqual(wanted(() => true));
          expect(texts(read("/r/pods/a/", "/r/pods/a0", undefined))).toEqual(
            wanted((key) => key.startsWith("/r/pods/a/")),
          );
          expect(texts(read("/r/pods/", "/r/pods0", { index: 0, values: ["web"] }))).toEqual(
            wanted((_, app) => app === "web"),
          );
          expect(texts(read("/r/pods/", "/r/pods0", { index: 0, values: ["web", "db"] }))).toEqual(
            wanted((_, app) => app !== undefined),
          );
          expect(texts(read("/r/pods/b/", "/r/pods/b0", { index: 1, values: ["1"] }, 1))).toEqual(
            wanted((key) => key === "/r/pods/b/1"),
          );
          expect(state.count({ from: "/r/pods/a", end: "/r/pods/b0" }, position)).toBe(
            wanted((key) => key < "/r/pods/b0").length,
          );
          for (const key of keys) {
            expect(state.get(key, position)?.modRevision).toBe(model.at[position]?.get(key)?.revision);
          }
        }
        state.forgetBefore(state.position);
        state.clear();
        expect(slabs.liveBytes).toBe(0);
        expect(state.bytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
