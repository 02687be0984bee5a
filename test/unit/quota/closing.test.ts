/** A store that is closed leaves nothing of its quotas behind: no timer, no request, also of calls that were given up. */
import { createStore, type Store } from "keelson";
import { expect, test } from "vitest";
import { widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { ManualClock, settled } from "../../support/time/manual-clock.ts";

const hard = { "count/widgets.example.com": 5 };

/** Moves virtual time until `holds`; a bound of steps, not of time. */
async function advanceUntil(clock: ManualClock, holds: () => boolean): Promise<void> {
  for (let step = 0; step < 2_000 && !holds(); step++) await clock.advance(5);
  expect(holds()).toBe(true);
}

/** `work`, with virtual time moving on until it has ended. */
async function driven<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  ended.catch(() => {});
  await advanceUntil(clock, () => over);
  return await ended;
}

/** A create given up after grants of room were asked for, `fate` deciding what becomes of those; then the store closes. */
async function closedAfterGivenUp(fate: "no answer" | "always too late"): Promise<void> {
  const clock = new ManualClock();
  await using lab = new MemoryLab(clock);
  let asked = 0;
  let troubled = false;
  const etcd = lab.connect({
    answer(method, request, server) {
      const grant = troubled && method === "/etcdserverpb.KV/Txn" && Buffer.from(request).includes("/grants");
      if (!grant) return server.call(method, request);
      asked++;
      if (fate === "no answer") return new Promise<Uint8Array>(() => {});
      // Somebody else grants first, every time.
      const [key] = [
        ...Buffer.from(request)
          .toString("latin1")
          .matchAll(/\/keelson[ -~]*\/grants/g),
      ].map(String);
      server.mvcc.put({ key: key ?? "", value: "x" });
      return server.call(method, request);
    },
  });
  const store: Store = await driven(clock, createStore({ etcd, kinds: [widgetKind], compaction: false }));
  await driven(clock, store.quotas.set("default", { hard }));
  troubled = true;
  const reason = new Error("enough");
  const giveUp = new AbortController();
  const created = store.resources(widgetKind).create(widget("default", "a"), { signal: giveUp.signal });
  created.catch(() => {});
  await advanceUntil(clock, () => asked >= (fate === "no answer" ? 1 : 3));
  giveUp.abort(reason);
  await expect(created).rejects.toBe(reason);
  await driven(clock, store.close());
  await settled();
  expect(clock.pending).toBe(0);
  const before = asked;
  await clock.advance(60_000);
  expect(asked).toBe(before);
}

test("close() ends a grant of room that etcd does not answer", () => closedAfterGivenUp("no answer"));

test("close() ends the wait between two tries of a grant that others win", () =>
  closedAfterGivenUp("always too late"));
