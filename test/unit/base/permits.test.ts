import { describe, expect, it } from "vitest";
import { Permits } from "../../../src/base/permits.ts";
import { systemClock } from "../../../src/base/time/clock.ts";

const never = (): unknown => new Error("late");
const forever = Number.POSITIVE_INFINITY;

describe("Permits", () => {
  it("grants in the order of arrival, past those who have left", async () => {
    const permits = new Permits(1, systemClock);
    expect(permits.tryTake()).toBe(true);
    expect(permits.tryTake()).toBe(false);
    const order: string[] = [];
    const leaving = new AbortController();
    const first = permits.take(forever, undefined, never).then(() => order.push("first"));
    const left = permits.take(forever, leaving.signal, never);
    const second = permits.take(forever, undefined, never).then(() => order.push("second"));
    const reason = new Error("gone");
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    permits.give();
    await first;
    expect(permits.tryTake()).toBe(false);
    permits.give();
    await second;
    expect(order).toEqual(["first", "second"]);
    permits.give();
    expect(permits.tryTake()).toBe(true);
  });

  it("refuses who waits too long, and who comes after close()", async () => {
    const permits = new Permits(1, systemClock);
    permits.tryTake();
    await expect(permits.take(5, undefined, never)).rejects.toThrow("late");
    const waiting = permits.take(forever, undefined, never);
    const closed = new Error("closed");
    permits.close(closed);
    await expect(waiting).rejects.toBe(closed);
    await expect(permits.take(forever, undefined, never)).rejects.toBe(closed);
    expect(permits.waiting).toBe(0);
  });
});
