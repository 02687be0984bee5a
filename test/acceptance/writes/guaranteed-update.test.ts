/** The contract's writes, as a stranger would try them: guaranteedUpdate. One promise a test. */
import type { Store } from "keelson";
import { beforeAll, describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../../support/failures.ts";
import { at, ConfigMap, configMap, worldForAll } from "../world.ts";

const world = worldForAll();
let store: Store;
beforeAll(async () => {
  store = await world.store();
});

describe("guaranteedUpdate", () => {
  test("current is the caller's own: changed in place, it is written", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("in-place"));
    const next = await maps.guaranteedUpdate(at("in-place"), (current) => {
      current.data = { changed: "yes" };
      return current;
    });
    expect(next.data).toEqual({ changed: "yes" });
    expect((await maps.get(at("in-place"))).data).toEqual({ changed: "yes" });
  });

  test("what mutate throws is thrown, the very same", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("throws"));
    const mine = new Error("mine");
    expect(
      await thrownBy(
        maps.guaranteedUpdate(at("throws"), () => {
          throw mine;
        }),
      ),
    ).toBe(mine);
    expect(await thrownBy(maps.guaranteedUpdate(at("throws"), () => Promise.reject(mine)))).toBe(mine);
  });

  test("absent is NOT_FOUND, and mutate is not run", async () => {
    const maps = store.resources(ConfigMap);
    let runs = 0;
    await refusal(
      maps.guaranteedUpdate(at("absent"), (c) => {
        runs += 1;
        return c;
      }),
      "NOT_FOUND",
    );
    expect(runs).toBe(0);
  });

  test("createIfMissing's draft is stored as it is; mutate is not run on it", async () => {
    const maps = store.resources(ConfigMap);
    let runs = 0;
    const run = () =>
      maps.guaranteedUpdate(
        at("missing"),
        (c) => {
          runs += 1;
          return { ...c, data: { mutated: "yes" } };
        },
        { createIfMissing: () => configMap("missing", { created: "yes" }) },
      );
    expect((await run()).data).toEqual({ created: "yes" });
    expect(runs).toBe(0);
    expect((await run()).data).toEqual({ mutated: "yes" });
    expect(runs).toBe(1);
  });

  test("16 racers with createIfMissing lose nothing", async () => {
    const maps = store.resources(ConfigMap);
    const results = await Promise.all(
      Array.from({ length: 16 }, () =>
        maps.guaranteedUpdate(
          at("raced"),
          (c) => ({ ...c, data: { n: String(Number(c.data?.["n"]) + 1) } }),
          {
            createIfMissing: () => configMap("raced", { n: "1" }),
          },
        ),
      ),
    );
    expect((await maps.get(at("raced"))).data).toEqual({ n: "16" });
    expect(new Set(results.map((r) => r.data?.["n"])).size).toBe(16);
  });

  test("mutate that returns another name, or no object, is INVALID_OBJECT", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("identity"));
    await refusal(
      maps.guaranteedUpdate(at("identity"), () => configMap("other")),
      "INVALID_OBJECT",
    );
    await refusal(
      maps.guaranteedUpdate(at("identity"), () => undefined as unknown as ReturnType<typeof configMap>),
      "INVALID_OBJECT",
    );
  });

  test("mutate that keeps current is no write", async () => {
    const maps = store.resources(ConfigMap);
    const made = await maps.create(configMap("noop"));
    const next = await maps.guaranteedUpdate(at("noop"), (c) => c);
    expect(next).toEqual(made);
  });

  test("an aborted signal reaches mutate and rejects with its reason", async () => {
    const maps = store.resources(ConfigMap);
    await maps.create(configMap("abort"));
    const reason = new Error("enough");
    const control = new AbortController();
    const error = await thrownBy(
      maps.guaranteedUpdate(
        at("abort"),
        (_c, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new Error("from mutate")));
            control.abort(reason);
          }),
        { signal: control.signal },
      ),
    );
    expect(error).toBe(reason);
  });

  test("mutate sees attempts counted from 1, and is run again when another writer was first", async () => {
    const maps = store.resources(ConfigMap);
    const other = await world.store({ prefix: "/race" });
    const mine = await world.store({ prefix: "/race" });
    await other.resources(ConfigMap).create(configMap("contended", { n: "0" }));
    const numbers: number[] = [];
    const next = await mine.resources(ConfigMap).guaranteedUpdate(at("contended"), async (c, { number }) => {
      numbers.push(number);
      if (numbers.length === 1) {
        await other
          .resources(ConfigMap)
          .guaranteedUpdate(at("contended"), (o) => ({ ...o, data: { n: "5" } }));
      }
      return { ...c, data: { n: String(Number(c.data?.["n"]) + 1) } };
    });
    expect(next.data).toEqual({ n: "6" });
    expect(numbers[0]).toBe(1);
    expect(numbers.length).toBeGreaterThan(1);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(maps).toBeDefined();
  });
});
