/** Patches and server-side apply beside plain models of what they mean, over random objects. */
import fc from "fast-check";
import { mergePatch, serverSideApply, strategicMergePatch } from "keelson/http";
import { describe, expect, it } from "vitest";
import type { AnyResource } from "../../src/resource/model/resource.ts";

type Tree = { readonly [name: string]: Tree | string | null };

const name = fc.constantFrom("a", "b", "c", "constructor", "toString");
const leaf = fc.constantFrom("1", "2");
const tree = (withNull: boolean): fc.Arbitrary<Tree> =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.dictionary(
      name,
      fc.oneof({ maxDepth: 3 }, withNull ? fc.oneof(leaf, fc.constant(null)) : leaf, tie("tree")),
      { maxKeys: 3 },
    ) as fc.Arbitrary<Tree>,
  })).tree;

/** RFC 7386, section 2, word for word. */
function rfc7386(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null) return patch;
  const result = new Map(typeof target === "object" && target !== null ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, rfc7386(result.get(key), value));
  }
  return Object.fromEntries(result);
}

describe("merge patches", () => {
  it("are RFC 7386's, and a strategic one without a schema and directives is the same", () => {
    fc.assert(
      fc.property(tree(false), tree(true), (target, patch) => {
        const before = structuredClone(target);
        const wanted = rfc7386(target, patch);
        expect(mergePatch(target, patch)).toEqual(wanted);
        expect(strategicMergePatch(target, patch, undefined)).toEqual(wanted);
        expect(target).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });
});

/** Leaves by path. */
function leavesOf(value: unknown, path = ""): Map<string, string> {
  if (typeof value === "string") return new Map([[path, value]]);
  const entries = Object.entries((value ?? {}) as object);
  return new Map(entries.flatMap(([key, child]) => [...leavesOf(child, `${path}/${key}`)]));
}

/** Two levels of maps, so that no name is a leaf for one manager and a map for another. */
const configuration = fc.dictionary(name, fc.dictionary(name, leaf, { minKeys: 1, maxKeys: 3 }), {
  maxKeys: 3,
});
const step = fc.record({ manager: fc.constantFrom("one", "two", "three"), spec: configuration });

describe("server-side apply", () => {
  it("keeps a leaf as long as anybody wants it, with the value of who set it last", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        let live: AnyResource | undefined;
        const values = new Map<string, string>();
        const owners = new Map<string, Set<string>>();
        for (const { manager, spec } of steps) {
          const wanted = leavesOf(spec);
          for (const [path, value] of wanted) {
            const shared = values.get(path) === value ? owners.get(path) : undefined;
            values.set(path, value);
            owners.set(path, new Set(shared).add(manager));
          }
          for (const [path, own] of owners) {
            if (!wanted.has(path)) own.delete(manager);
            if (own.size > 0) continue;
            owners.delete(path);
            values.delete(path);
          }
          const config = { apiVersion: "v1", kind: "Thing", metadata: { name: "a" }, spec };
          const options = { fieldManager: manager, force: true, time: "2026-01-01T00:00:00Z" };
          live = serverSideApply<AnyResource>(live, config, options);
          expect(leavesOf(live["spec"])).toEqual(values);
          // The same again changes nothing.
          expect(serverSideApply<AnyResource>(live, config, options)).toEqual(live);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("without force refuses exactly what would change another's leaf", () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const options = { time: "2026-01-01T00:00:00Z" };
        const config = (spec: object): object => ({
          apiVersion: "v1",
          kind: "Thing",
          metadata: { name: "a" },
          spec,
        });
        const live = serverSideApply<AnyResource>(undefined, config(first), {
          ...options,
          fieldManager: "one",
        });
        const mine = leavesOf(first);
        const conflicts = [...leavesOf(second)].some(([path, value]) => (mine.get(path) ?? value) !== value);
        const run = (): unknown => serverSideApply(live, config(second), { ...options, fieldManager: "two" });
        if (conflicts) expect(run).toThrow(expect.objectContaining({ code: "CONFLICT" }));
        else run();
      }),
      { numRuns: 500 },
    );
  });
});
