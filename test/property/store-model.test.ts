/**
 * The store against a plain model: random histories of creates, updates, guaranteed updates and deletes, each answered
 * as a map of versions says; then every past version is read back, every page walk and every watch is replayed.
 */
import fc from "fast-check";
import { createStore, isStoreError, type ResourceStore } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../conformance/implementation.ts";
import { thrownBy } from "../support/failures.ts";

interface Model {
  /** What is there now. */
  readonly live: Map<string, Widget>;
  /** Every write, in order: the state of one name from this version on. */
  readonly log: { version: bigint; name: string; object: Widget | undefined }[];
}

interface Real {
  readonly widgets: ResourceStore<Widget>;
}

type Command = fc.AsyncCommand<Model, Real>;

function command(text: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, toString: () => text, run };
}

const key = (name: string) => ({ namespace: "default", name });

function wrote(model: Model, name: string, object: Widget, gone = false): void {
  const version = BigInt(object.metadata.resourceVersion);
  const last = model.log.at(-1)?.version ?? 0n;
  expect(version).toBeGreaterThan(last);
  model.log.push({ version, name, object: gone ? undefined : object });
  if (gone) model.live.delete(name);
  else model.live.set(name, object);
}

function create(name: string, size: number, app: string): Command {
  return command(`create(${name}, ${size}, ${app})`, async (model, { widgets }) => {
    const draft = widget("default", name, size, { labels: { app: app } });
    if (model.live.has(name)) {
      expect(await thrownBy(widgets.create(draft))).toMatchObject({ code: "ALREADY_EXISTS" });
    } else {
      const made = await widgets.create(draft);
      expect(made).toMatchObject({ spec: { size: size }, metadata: { generation: 1 } });
      wrote(model, name, made);
    }
  });
}

function update(name: string, size: number, stale: boolean): Command {
  return command(`update(${name}, ${size}${stale ? ", stale" : ""})`, async (model, { widgets }) => {
    const current = model.live.get(name);
    const history = model.log.filter((entry) => entry.name === name && entry.object !== undefined);
    const base = stale ? history[0]?.object : current;
    if (base === undefined) return;
    const work = widgets.update({ ...base, spec: { size: size } });
    if (current === undefined) {
      expect(await thrownBy(work)).toMatchObject({ code: "NOT_FOUND" });
    } else if (base.metadata.resourceVersion !== current.metadata.resourceVersion) {
      expect(await thrownBy(work)).toMatchObject({ code: "CONFLICT" });
    } else if (base.spec.size === size) {
      expect(await work).toEqual(current);
    } else {
      const updated = await work;
      expect(updated.metadata.generation).toBe(current.metadata.generation + 1);
      wrote(model, name, updated);
    }
  });
}

function guaranteed(name: string, times: number, create: boolean): Command {
  return command(
    `guaranteedUpdate(${name} x${times}${create ? ", create" : ""})`,
    async (model, { widgets }) => {
      const results = await Promise.allSettled(
        Array.from({ length: times }, () =>
          widgets.guaranteedUpdate(
            key(name),
            (current) => ({ ...current, spec: { size: current.spec.size + 1 } }),
            create ? { createIfMissing: () => widget("default", name, 0) } : {},
          ),
        ),
      );
      if (!model.live.has(name) && !create) {
        for (const result of results) expect(result).toMatchObject({ reason: { code: "NOT_FOUND" } });
        return;
      }
      let size = model.live.get(name)?.spec.size ?? -1;
      for (const result of results) {
        if (result.status === "rejected") throw result.reason;
        expect(result.value.spec.size).toBe(++size);
        wrote(model, name, result.value);
      }
    },
  );
}

function remove(name: string, precondition: "none" | "current" | "first"): Command {
  return command(`delete(${name}, ${precondition})`, async (model, { widgets }) => {
    const current = model.live.get(name);
    const first = model.log.find((entry) => entry.name === name && entry.object !== undefined)?.object;
    const wanted = { none: undefined, current, first }[precondition]?.metadata.resourceVersion;
    const preconditions = wanted === undefined ? undefined : { resourceVersion: wanted };
    const work = widgets.delete(key(name), { preconditions });
    if (current === undefined) {
      expect(await thrownBy(work)).toMatchObject({ code: "NOT_FOUND" });
    } else if (wanted !== undefined && wanted !== current.metadata.resourceVersion) {
      expect(await thrownBy(work)).toMatchObject({ code: "PRECONDITION_FAILED" });
    } else {
      const gone = await work;
      expect(gone.spec).toEqual(current.spec);
      wrote(model, name, gone, true);
    }
  });
}

function list(limit: number | undefined, app: string | undefined, back: number): Command {
  return command(`list(limit ${limit}, app ${app}, ${back} back)`, async (model, { widgets }) => {
    const at = model.log[Math.max(0, model.log.length - 1 - back)];
    if (at === undefined) return;
    const read = { consistency: "exact", resourceVersion: at.version.toString() } as const;
    const labelSelector = app === undefined ? undefined : `app=${app}`;
    const options = { namespace: "default", limit: limit, labelSelector };
    let page = await widgets.list({ ...options, read });
    const seen = [...page.items];
    while (page.continueToken !== undefined) {
      page = await widgets.list({ ...options, continueToken: page.continueToken });
      seen.push(...page.items);
    }
    const wanted = [...stateAt(model, at.version).values()]
      .filter(({ metadata }) => app === undefined || metadata.labels?.["app"] === app)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    expect(seen).toEqual(wanted);
  });
}

function stateAt(model: Model, version: bigint): Map<string, Widget> {
  const state = new Map<string, Widget>();
  for (const entry of model.log) {
    if (entry.version > version) break;
    if (entry.object === undefined) state.delete(entry.name);
    else state.set(entry.name, entry.object);
  }
  return state;
}

const names = fc.constantFrom("a", "a-b", "a.b", "ab", "z");
const apps = fc.constantFrom("x", "y");
const sizes = fc.integer({ min: 0, max: 3 });
const commands = fc.commands(
  [
    fc.tuple(names, sizes, apps).map(([name, size, app]) => create(name, size, app)),
    fc.tuple(names, sizes, fc.boolean()).map(([name, size, stale]) => update(name, size, stale)),
    fc
      .tuple(names, fc.integer({ min: 1, max: 4 }), fc.boolean())
      .map(([name, times, create]) => guaranteed(name, times, create)),
    fc
      .tuple(names, fc.constantFrom("none" as const, "current" as const, "first" as const))
      .map(([name, precondition]) => remove(name, precondition)),
    fc
      .tuple(
        fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
        fc.option(apps, { nil: undefined }),
        fc.nat(8),
      )
      .map(([limit, app, back]) => list(limit, app, back)),
  ],
  { maxCommands: 40 },
);

test("a random history is answered, listed at every version and watched as a map of versions says", async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      const etcd = memoryEtcd();
      const store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
      const start = await store.currentResourceVersion();
      const model: Model = { live: new Map(), log: [] };
      try {
        const widgets = store.resources(widgetKind);
        await fc.asyncModelRun(() => ({ model, real: { widgets } }), history);
        for (const { version, name, object } of model.log) {
          const read = { consistency: "exact", resourceVersion: version.toString() } as const;
          const got = await widgets.get(key(name), { read }).catch((error: unknown) => error);
          if (object === undefined) expect(isStoreError(got, "NOT_FOUND")).toBe(true);
          else expect(got).toEqual(object);
        }
        if (model.log.length > 0) {
          const seen: bigint[] = [];
          const state = new Map<string, Widget>();
          for await (const event of widgets.watch({ namespace: "default", resourceVersion: start })) {
            if (event.type === "BOOKMARK") continue;
            seen.push(BigInt(event.resourceVersion));
            const { name } = event.object.metadata;
            expect(event.type === "ADDED").toBe(!state.has(name));
            if (event.type === "DELETED") state.delete(name);
            else state.set(name, event.object);
            if (seen.length === model.log.length) break;
          }
          expect(seen).toEqual(model.log.map(({ version }) => version));
          expect(state).toEqual(model.live);
        }
      } finally {
        await store.close();
        await etcd.close();
      }
    }),
    { numRuns: 60 },
  );
});
