/** Held and shared leases on a clock of the test's own: when a lease counts as lost, and how far it may overshoot. */
import { beforeEach, describe, expect, test } from "vitest";
import { StoreError } from "../../../../src/errors.ts";
import { HeldLeases } from "../../../../src/etcd/services/held-leases.ts";
import { SharedLeases } from "../../../../src/etcd/services/shared-leases.ts";
import { noHeader } from "../../../../src/etcd/wire/header.ts";
import { leaseIdRequest, leaseKeepAliveResponse } from "../../../../src/etcd/wire/lease.ts";
import { ScriptedClient, type ScriptedStream } from "../../../support/peers/scripted-client.ts";
import { ManualClock, settled } from "../../../support/time/manual-clock.ts";

/** Pings on a stream, with the time each was sent. */
function pingsOf(stream: ScriptedStream): readonly { readonly id: bigint; readonly atMs: number }[] {
  return stream.written.map(({ message, atMs }) => ({ id: leaseIdRequest.decode(message).id, atMs }));
}

function answer(stream: ScriptedStream, id: bigint, ttlSeconds: number): void {
  stream.say(leaseKeepAliveResponse.encode({ header: noHeader, id, ttlSeconds }));
}

describe("a held lease", () => {
  let client: ScriptedClient;
  let held: HeldLeases;
  beforeEach(() => {
    client = new ScriptedClient();
    held = new HeldLeases(client);
  });
  const stream = (at: number): ScriptedStream => client.stream(at);

  test("is lost at TTL - margin from before the grant was sent when nothing answers", async () => {
    const lease = held.hold(7n, 10, client.clock.monotonicMs() - 400);
    await client.clock.advance(8599);
    expect(lease.lost.aborted).toBe(false);
    await client.clock.advance(2);
    expect(lease.lost.aborted).toBe(true);
    expect(lease.lost.reason).toMatchObject({ code: "UNAVAILABLE" });
    expect(client.clock.pending).toBe(0);
  });

  test("is good from before the ping was sent, not from its answer", async () => {
    const lease = held.hold(7n, 10, client.clock.monotonicMs());
    await settled();
    // The ping at 0 s is answered after 2.4 s; nothing after that.
    await client.clock.advance(2400);
    answer(stream(0), 7n, 10);
    await client.clock.advance(6500);
    expect(lease.lost.aborted).toBe(false);
    await client.clock.advance(200);
    expect(lease.lost.aborted).toBe(true);
  });

  test("is pinged every third of its TTL and lives on while pings are answered", async () => {
    const lease = held.hold(7n, 9, client.clock.monotonicMs());
    const started = client.clock.monotonicMs();
    for (let i = 0; i < 20; i++) {
      await settled();
      answer(stream(0), 7n, 9);
      await client.clock.advance(3000);
    }
    expect(lease.lost.aborted).toBe(false);
    expect(
      pingsOf(stream(0))
        .map((ping) => ping.atMs - started)
        .slice(0, 4),
    ).toEqual([0, 3000, 6000, 9000]);
    expect(client.streams.length).toBe(1);
  });

  test("survives a silent endpoint: the stream is reportedUnhealthy in time for more tries elsewhere", async () => {
    const lease = held.hold(7n, 12, client.clock.monotonicMs());
    await settled();
    answer(stream(0), 7n, 12);
    await client.clock.advance(4000 + 3001 + 10);
    expect(stream(0).reportedUnhealthy).toBeDefined();
    expect(pingsOf(stream(1)).map((ping) => ping.id)).toEqual([7n]);
    answer(stream(1), 7n, 12);
    await client.clock.advance(3000);
    expect(lease.lost.aborted).toBe(false);
    expect(client.reconnects).toBe(1);
  });

  test("waits between tries while the client refuses at once to open a stream", async () => {
    client.refusal = new StoreError("UNAVAILABLE", "all endpoints rest", { retryAfterMs: 1 });
    const lease = held.hold(7n, 12, client.clock.monotonicMs());
    await client.clock.advance(5_000);
    expect(client.asked).toBeLessThan(60);
    client.refusal = undefined;
    await client.clock.advance(300);
    expect(pingsOf(stream(0)).map((ping) => ping.id)).toEqual([7n]);
    expect(lease.lost.aborted).toBe(false);
    lease.release();
  });

  test("is lost at once by etcd's own word, by a restore and by the client's end", async () => {
    const [a, b, c] = [1n, 2n, 3n].map((id) => held.hold(id, 60, client.clock.monotonicMs()));
    await settled();
    answer(stream(0), 1n, 0);
    await settled();
    expect(a?.lost.reason).toMatchObject({ code: "NOT_FOUND" });
    expect(b?.lost.aborted).toBe(false);
    client.restore();
    expect(b?.lost.reason).toMatchObject({ code: "EXPIRED", details: { reason: "restored" } });
    expect(c?.lost.aborted).toBe(true);
    const d = held.hold(4n, 60, client.clock.monotonicMs());
    client.closing.abort(new StoreError("CLOSED", "closed", { what: "etcd client" }));
    expect(d.lost.reason).toMatchObject({ code: "CLOSED" });
  });

  test("a released lease is pinged no more, and nothing keeps running for it", async () => {
    const lease = held.hold(7n, 9, client.clock.monotonicMs());
    await settled();
    lease.release();
    await client.clock.advance(60_000);
    expect(lease.lost.aborted).toBe(false);
    expect(pingsOf(stream(0)).length).toBe(1);
    expect(client.clock.pending).toBe(0);
    // And the next one gets a stream of its own.
    held.hold(8n, 9, client.clock.monotonicMs());
    await settled();
    expect(pingsOf(stream(-1)).map((ping) => ping.id)).toEqual([8n]);
  });

  test("a wall clock that jumps changes nothing", async () => {
    const lease = held.hold(7n, 10, client.clock.monotonicMs());
    await settled();
    client.clock.wallOffsetMs += 3_600_000;
    answer(stream(0), 7n, 10);
    await client.clock.advance(1000);
    expect(lease.lost.aborted).toBe(false);
  });
});

describe("shared leases", () => {
  test.each([
    { ttlSeconds: 5, overshootSeconds: 2 },
    { ttlSeconds: 3600, overshootSeconds: 60 },
    { ttlSeconds: 600, overshootSeconds: 30 },
  ])(
    "outlive $ttlSeconds s by at most $overshootSeconds s and never fall short",
    async ({ ttlSeconds, overshootSeconds }) => {
      const clock = new ManualClock();
      const ends = new Map<bigint, number>();
      const shared = new SharedLeases(clock, async (granted) => {
        const id = BigInt(ends.size + 1);
        ends.set(id, clock.monotonicMs() + granted * 1000);
        return { id };
      });
      for (let i = 0; i < 200; i++) {
        const endsMs = ends.get(await shared.take(ttlSeconds)) ?? 0;
        const livesMs = endsMs - clock.monotonicMs();
        expect(livesMs).toBeGreaterThanOrEqual(ttlSeconds * 1000);
        expect(livesMs).toBeLessThanOrEqual((ttlSeconds + overshootSeconds) * 1000);
        await clock.advance(overshootSeconds * 70);
      }
      expect(ends.size).toBeLessThan(20);
    },
  );

  test("carry 1,000 keys each, also when all are asked for at once", async () => {
    const clock = new ManualClock();
    let granted = 0;
    const shared = new SharedLeases(clock, async () => ({ id: BigInt(++granted) }));
    const ids = await Promise.all(Array.from({ length: 2500 }, () => shared.take(60)));
    const counts = new Map<bigint, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(granted).toBe(3);
    expect(Math.max(...counts.values())).toBe(1000);
  });

  test("a caller whose grant fails does not fail the others; a forgotten lease is given out no more", async () => {
    const clock = new ManualClock();
    let asked = 0;
    const shared = new SharedLeases(clock, async () => {
      if (++asked === 1) throw new Error("the first caller's own trouble");
      return { id: BigInt(asked) };
    });
    const [first, second] = await Promise.allSettled([shared.take(60), shared.take(60)]);
    expect([first?.status, second?.status]).toEqual(["rejected", "fulfilled"]);
    shared.forget(2n);
    expect(await shared.take(60)).toBe(3n);
  });
});
