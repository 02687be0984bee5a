import { expect, test } from "vitest";
import { type Place, Slabs } from "../../../../src/watch/state/slabs.ts";

const value = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const read = ({ slab, offset }: Place, length: number): Uint8Array =>
  slab.bytes.slice(offset, offset + length);

test("values lie packed, and stay readable for who holds their slab after they are released", () => {
  const slabs = new Slabs();
  const places = Array.from({ length: 1000 }, (_, i) => slabs.add(value(1000, i % 251)));
  expect(slabs.liveBytes).toBe(1_000_000);
  expect(slabs.allocatedBytes).toBeLessThan(1_000_000 + 2 * 256 * 1024);
  places.forEach((place, i) => {
    if (i % 2 === 0) slabs.release(place.slab, 1000);
  });
  expect(slabs.liveBytes).toBe(500_000);
  places.forEach((place, i) => {
    expect(read(place, 1000)).toEqual(value(1000, i % 251));
  });
});

test("a slab goes as a whole when its last value is released; a large value has one of its own", () => {
  const slabs = new Slabs();
  const large = slabs.add(value(700_000, 1));
  expect(slabs.allocatedBytes).toBe(700_000);
  slabs.release(large.slab, 700_000);
  expect(slabs.allocatedBytes).toBe(0);
});

test("holes are worth emptying only when they are many, and then the emptiest slabs are named", () => {
  const slabs = new Slabs();
  const places = Array.from({ length: 20_000 }, () => slabs.add(value(1000, 1)));
  places.slice(0, 3_000).forEach(({ slab }) => {
    slabs.release(slab, 1000);
  });
  expect(slabs.evacuate()).toBe(false);
  places.slice(3_000).forEach(({ slab }, i) => {
    if (i % 10 !== 0) slabs.release(slab, 1000);
  });
  expect(slabs.evacuate()).toBe(true);
  expect(places.at(4_000)?.slab.moving).toBe(true);
});
