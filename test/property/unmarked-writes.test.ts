/**
 * Writers in several processes that store the same bytes over the same version, while answers are lost, requests are lost
 * and a peer says of what was applied that it did not look at it (a broken GOAWAY). Whatever the codec: a counter is at least the
 * additions told applied, at most those and the unknown ones, and no create meets itself.
 */
import { createStore, isStoreError } from "keelson";
import { type Codec, jsonCodec, msgpackCodec } from "keelson/codec";
import { describe, expect, test } from "vitest";
import type { Random } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/time/clock.ts";
import { openEtcdAtOnce } from "../../src/etcd/connect-etcd.ts";
import {
  grpcStatus,
  type RequestReach,
  type TransportFactory,
  TransportFailure,
} from "../../src/etcd/transport/transport.ts";
import type { AnyResource } from "../../src/resource/model/resource.ts";
import { MemoryServer } from "../../src/testing/memory-server.ts";
import { memoryTransport } from "../../src/testing/memory-transport.ts";
import { namespacedKind } from "../support/kinds.ts";
import { seededRandom } from "../support/seeded-random.ts";

const ConfigMap = namespacedKind<AnyResource>("ConfigMap");
const at = (name: string) => ({ namespace: "default", name });

/** A way to the server on which a part of the transactions goes wrong; `foul` switches it on. */
function foulWay(server: MemoryServer, random: Random, foul: () => boolean): TransportFactory {
  const fair = memoryTransport(() => server);
  return (options) => {
    const way = fair(options);
    const failure = (request: RequestReach): TransportFailure =>
      new TransportFailure({
        code: grpcStatus.unavailable,
        text: "the connection is gone",
        request,
        fromServer: false,
        endpoint: way.endpoint,
      });
    return new Proxy(way, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== "unary") return typeof member === "function" ? member.bind(target) : member;
        return async (...call: Parameters<typeof way.unary>): Promise<Uint8Array> => {
          const fate = foul() && call[0].endsWith("/Txn") ? random.below(8) : 7;
          if (fate === 0) throw failure("sent");
          const answer = await way.unary(...call);
          if (fate === 1) throw failure("sent");
          if (fate === 2) throw failure("refused");
          return answer;
        };
      },
    });
  };
}

async function run(seed: number, codec: Codec): Promise<void> {
  const server = new MemoryServer({ clock: systemClock });
  let isFoul = false;
  const open = async (index: number) => {
    const way = foulWay(server, seededRandom(seed * 10 + index), () => isFoul);
    const etcd = openEtcdAtOnce({ endpoints: "http://memory:2379", clock: systemClock }, way);
    const store = await createStore({ etcd, kinds: [ConfigMap], codec, compaction: false });
    return { etcd, store, maps: store.resources(ConfigMap) };
  };
  const processes = await Promise.all([open(1), open(2), open(3)]);
  const [first] = processes;
  await first?.maps.create({ metadata: at("counter"), data: { n: 0 } });
  isFoul = true;
  let [applied, unknown] = [0, 0];
  const add = (current: AnyResource): AnyResource => {
    const { n } = current["data"] as { n: number };
    return { ...current, data: { n: n + 1 } };
  };
  await Promise.all(
    processes.map(async ({ maps }, index) => {
      for (let turn = 0; turn < 6; turn++) {
        try {
          await maps.guaranteedUpdate(at("counter"), add, { timeoutMs: 20_000 });
          applied++;
        } catch (error) {
          if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
          unknown++;
        }
        const name = `own-${index}-${turn}`;
        const drafts = [{ metadata: at(name) }, { metadata: at(`${name}-b`) }];
        const made = [...(await maps.createMany(drafts))];
        made.push(await maps.create({ metadata: at(`${name}-c`) }).catch((error: unknown) => error as never));
        for (const one of made)
          expect(isStoreError(one, "ALREADY_EXISTS"), `${name} meets itself`).toBe(false);
      }
    }),
  );
  isFoul = false;
  const counter = await first?.maps.get(at("counter"));
  const n = (counter?.["data"] as { n: number } | undefined)?.n;
  expect(n).toBeGreaterThanOrEqual(applied);
  expect(n).toBeLessThanOrEqual(applied + unknown);
  for (const { store, etcd } of processes) {
    await store.close();
    await etcd.close();
  }
  server.close();
}

describe.each([
  ["msgpack", msgpackCodec()],
  ["raw json", jsonCodec({ raw: true })],
] as const)("writers of the same bytes, %s", (_, codec) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("seed %i: no lost update is told applied", (seed) => run(seed, codec));
});
