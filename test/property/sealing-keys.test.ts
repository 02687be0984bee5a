/**
 * Processes with differing encryption keys open one store after another: ids with other bytes, keys left out, another order,
 * another mode. Whoever is let in reads every object there is; who is not is told which key is the matter.
 */
import { createStore, isStoreError } from "keelson";
import { aesGcm } from "keelson/codec";
import { expect, test } from "vitest";
import { MemoryLab } from "../support/etcd/memory-lab.ts";
import { namespacedKind } from "../support/kinds.ts";
import { seededRandom } from "../support/seeded-random.ts";

const kind = namespacedKind("Secret");
// Key ids are free text, and part of a key in etcd.
const ids = ["k1", "..", "a/%2E"];

test.each([1, 2, 3, 4])(
  "whoever opens a store reads all of it, whatever keys others had (seed %i)",
  async (seed) => {
    const random = seededRandom(seed);
    await using lab = new MemoryLab();
    const live = new Set<string>();
    let [opened, refused] = [0, 0];
    for (let step = 0; step < 60; step++) {
      const keys = ids
        .filter(() => random.below(3) > 0)
        .map((id) => {
          const key = new Uint8Array(32).fill(random.below(5) === 0 ? 2 : 1);
          return { order: random.below(100), made: { id, key } };
        })
        .sort((a, b) => a.order - b.order)
        .map(({ made }) => made);
      if (keys.length === 0) continue;
      const mode = random.below(4) === 0 ? "unseal" : "migrate";
      const transforms = { secrets: aesGcm({ keys, mode }) };
      let store: Awaited<ReturnType<typeof createStore>>;
      try {
        store = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false, transforms });
      } catch (error) {
        if (!isStoreError(error, "INVALID_ARGUMENT")) throw error;
        expect(error.message).toMatch(/key "(?:k1|\.\.|a\/%2E)"/);
        refused++;
        continue;
      }
      opened++;
      const secrets = store.resources(kind);
      const names = (await secrets.list({ namespace: "default" })).items.map(({ metadata }) => metadata.name);
      expect(new Set(names)).toEqual(live);
      const name = `s-${step}`;
      await secrets.create({ metadata: { namespace: "default", name } });
      live.add(name);
      const [oldest] = live;
      if (oldest !== undefined && random.below(2) === 0) {
        await secrets.delete({ namespace: "default", name: oldest });
        live.delete(oldest);
      }
      if (random.below(3) === 0) await store.rewrite(kind);
      await store.close();
    }
    expect(opened).toBeGreaterThan(5);
    expect(refused).toBeGreaterThan(5);
  },
);
