/** What a write says when its time runs out. */
import { createStore, isStoreError, type ResourceStore } from "keelson";
import { describe, expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { ManualClock } from "../../support/time/manual-clock.ts";

/** A store whose writes are carried out while their answers are swallowed. */
async function swallowing(): Promise<
  { clock: ManualClock; lab: MemoryLab; widgets: ResourceStore<Widget>; swallow(): void } & AsyncDisposable
> {
  const clock = new ManualClock();
  const lab = new MemoryLab(clock);
  let swallows = false;
  const etcd = lab.connect({
    weather: { unary: () => (swallows ? { loss: "reply swallowed" } : {}), stream: () => ({}) },
  });
  const opening = createStore({ etcd, kinds: [widgetKind], compaction: false });
  await clock.advance(0);
  const store = await opening;
  // The session every write needs is there, too.
  const first = store.resources(widgetKind).create(widget("default", "first"));
  await clock.advance(0);
  await first;
  return {
    clock,
    lab,
    widgets: store.resources(widgetKind),
    swallow: () => {
      swallows = true;
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.all([store.close(), etcd.close()]);
      await clock.advance(60_000);
      await closed;
      lab.server.close();
    },
  };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "ok",
    (error: unknown) => (isStoreError(error) ? error.code : String(error)),
  );

describe("a write that was sent and not answered in time", () => {
  test("is OUTCOME_UNKNOWN, never DEADLINE, which would say that it was not applied", async () => {
    await using parts = await swallowing();
    const { clock, lab, widgets, swallow } = parts;
    swallow();
    const before = lab.server.mvcc.revision;
    const codes = [
      codeOf(widgets.create(widget("default", "a"), { timeoutMs: 300 })),
      codeOf(
        widgets.guaranteedUpdate(
          { namespace: "default", name: "first" },
          (w) => ({ ...w, spec: { size: 9 } }),
          {
            timeoutMs: 300,
          },
        ),
      ),
    ];
    const many = widgets.createMany([widget("default", "b"), widget("default", "c")], { timeoutMs: 300 });
    await clock.advance(400);
    expect(await Promise.all(codes)).toEqual(["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"]);
    const manyCodes = (await many).map((each) => (each instanceof Error ? each.code : "ok"));
    expect(manyCodes).toEqual(["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"]);
    expect(lab.server.mvcc.revision).toBeGreaterThan(before);
  });

  test("rejects with the caller's own reason when it was the caller who gave up", async () => {
    await using parts = await swallowing();
    const { clock, widgets, swallow } = parts;
    swallow();
    const reason = new Error("enough");
    const controller = new AbortController();
    const call = widgets
      .create(widget("default", "a"), { signal: controller.signal })
      .catch((e: unknown) => e);
    await clock.advance(10);
    controller.abort(reason);
    await clock.advance(0);
    expect(await call).toBe(reason);
  });
});
