/** Watch replies, however cut and fragmented, assemble to the history: each revision once, whole, in order. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KvEvent } from "../../src/etcd/ports/watches.ts";
import { WatchAssembly } from "../../src/etcd/watch/watch-assembly.ts";

const range = { key: Buffer.from("/a/"), rangeEnd: Buffer.from("/a0") };

function event(revision: bigint, key = "/a/x"): KvEvent {
  return {
    type: "put",
    kv: {
      key: Buffer.from(key),
      value: new Uint8Array(0),
      createRevision: revision,
      modRevision: revision,
      version: 1n,
      lease: 0n,
    },
  };
}

/** Events per revision; 0: a revision of other keys. */
const history = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 40 });

describe("watch assembly", () => {
  test("gives every revision once, whole and in order, under any fragmentation and any cuts", () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat(9)), (counts, chance) => {
        const draw = (): number => chance.next().value ?? 0;
        const all = counts.flatMap((count, i) => Array.from({ length: count }, () => event(BigInt(i + 2))));
        const assembly = new WatchAssembly(range, 2n);
        const given: bigint[] = [];
        const ends: bigint[] = [];
        for (let tries = 0; tries < 400 && given.length < all.length; tries++) {
          assembly.reopened();
          // etcd replays from the resume point, in replies of whole revisions, each split into fragments.
          let rest = all.filter((e) => e.kv.modRevision >= assembly.next);
          while (rest.length > 0 && draw() > 0) {
            let size = Math.min(rest.length, 1 + draw());
            const fragment =
              size < rest.length && rest[size - 1]?.kv.modRevision === rest[size]?.kv.modRevision;
            if (!fragment && draw() > 7) size = rest.length;
            const result = assembly.add({ events: rest.slice(0, size), fragment });
            rest = rest.slice(size);
            expect(result.type).not.toBe("fault");
            if (result.type !== "events") continue;
            given.push(...result.events.map((e) => e.kv.modRevision));
            ends.push(result.revision);
          }
        }
        fc.pre(given.length === all.length);
        expect(given).toEqual(all.map((e) => e.kv.modRevision));
        // No batch goes on with the revision the one before ended in.
        expect(new Set(ends).size).toBe(ends.length);
        expect(assembly.duplicates).toBe(0);
      }),
    );
  });

  test("advances inside a fragmented reply: only its last revision is held back", () => {
    const assembly = new WatchAssembly(range, 5n);
    const first = assembly.add({ events: [event(5n), event(6n), event(7n)], fragment: true });
    expect(first).toMatchObject({ type: "events", revision: 6n });
    expect(assembly.next).toBe(7n);
    assembly.reopened();
    expect(assembly.add({ events: [event(7n), event(7n, "/a/y")], fragment: false })).toMatchObject({
      type: "events",
      revision: 7n,
    });
    expect(assembly.duplicates).toBe(0);
  });

  test("drops and counts what was given on before on the same stream", () => {
    const assembly = new WatchAssembly(range, 5n);
    assembly.add({ events: [event(5n), event(6n)], fragment: false });
    expect(assembly.add({ events: [event(6n), event(7n)], fragment: false })).toMatchObject({
      events: [event(7n)],
    });
    expect(assembly.duplicates).toBe(1);
  });

  test.each([
    { what: "a key outside the range", events: [event(5n, "/b")] },
    { what: "the range's end, which is exclusive", events: [event(5n, "/a0")] },
    { what: "a revision before the stream's start", events: [event(4n)] },
    { what: "revisions out of order", events: [event(8n), event(7n)] },
  ])("S36: takes $what for a fault", ({ events }) => {
    expect(new WatchAssembly(range, 5n).add({ events, fragment: false }).type).toBe("fault");
  });

  test("single keys and open ranges bound what may come", () => {
    const single = new WatchAssembly({ key: Buffer.from("/a/x"), rangeEnd: undefined }, 1n);
    expect(single.add({ events: [event(1n, "/a/x")], fragment: false }).type).toBe("events");
    expect(single.add({ events: [event(2n, "/a/xx")], fragment: false }).type).toBe("fault");
    const open = new WatchAssembly({ key: Buffer.from("/a"), rangeEnd: new Uint8Array(1) }, 1n);
    expect(open.add({ events: [event(1n, "/z")], fragment: false }).type).toBe("events");
  });

  test("progress moves the resume point, but never past an unfinished revision nor back", () => {
    const assembly = new WatchAssembly(range, 5n);
    expect(assembly.progressed(9n)).toBe(true);
    expect(assembly.next).toBe(10n);
    expect(assembly.progressed(8n)).toBe(false);
    assembly.add({ events: [event(12n)], fragment: true });
    expect(assembly.progressed(20n)).toBe(false);
    expect(assembly.next).toBe(10n);
  });
});
