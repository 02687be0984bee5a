/** The epoch's own watch, where etcd contradicts itself. */
import { StoreError } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";
import { Epoch } from "../../../../src/storage/context/epoch.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

test("while reads see a restored etcd and watches the one before, it looks a few times a second", async () => {
  const clock = new ManualClock();
  await using etcd = memoryEtcd({ clock });
  const stop = new AbortController();
  let reads = 0;
  const kv = {
    range: (...args: Parameters<typeof etcd.kv.range>) => {
      // A loop that never waits would never let this test end.
      if (++reads > 500) stop.abort();
      return etcd.kv.range(...args);
    },
    txn: etcd.kv.txn.bind(etcd.kv),
  };
  const watches = {
    open: () => {
      throw new StoreError("EXPIRED", "Cannot go on watching: etcd went back", { reason: "restored" });
    },
  };
  const split = { history: etcd.history, kv, watches } as unknown as typeof etcd;
  const epoch = await Epoch.open(split, "/epoch", seededRandom(1), {});
  const followed = epoch.follow(clock, stop.signal);
  for (let steps = 0; steps < 30 && !stop.signal.aborted; steps++) await clock.advance(100);
  // Some reads of a turn, a turn after each wait: 100 ms at first, up to two seconds.
  expect(reads).toBeLessThan(60);
  expect(reads).toBeGreaterThan(6);
  stop.abort();
  await followed;
  epoch[Symbol.dispose]();
});
