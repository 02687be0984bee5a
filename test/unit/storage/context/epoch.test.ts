/** The epoch of a process that opens after a restore, and its own watch, where etcd contradicts itself. */
import { StoreError } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import type { Etcd } from "../../../../src/etcd/ports/etcd.ts";
import { readOnlyEtcd } from "../../../../src/etcd/read-only.ts";
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

describe("a record that a snapshot has brought from another cluster", () => {
  const record = "0123456789abcdef0000000000abcdef";

  async function opened(wrap: (etcd: Etcd) => Etcd): Promise<readonly [id: string, stored: string]> {
    await using etcd = memoryEtcd();
    await etcd.kv.put({ key: "/epoch", value: record });
    using epoch = await Epoch.open(wrap(etcd), "/epoch", seededRandom(1), {});
    const [kv] = (await etcd.kv.range({ key: "/epoch" })).kvs;
    return [epoch.id, Buffer.from(kv?.value ?? "").toString()];
  }

  test("is replaced when a process opens, so tokens of that cluster are void", async () => {
    const [id, stored] = await opened((etcd) => etcd);
    expect(stored).not.toBe(record);
    expect(id).toBe(stored);
  });

  test("is not taken for this history where it cannot be replaced", async () => {
    const [id, stored] = await opened(readOnlyEtcd);
    expect(stored).toBe(record);
    expect(id).not.toBe(record);
  });
});
