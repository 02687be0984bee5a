import { getMaxListeners } from "node:events";
import { expect, test } from "vitest";
import { CallGate } from "../../../src/base/call-gate.ts";

test("close() refuses new calls at once and waits for those under way", async () => {
  const gate = new CallGate("store");
  let finish: (value: number) => void = () => undefined;
  const call = gate.run(() => new Promise<number>((resolve) => (finish = resolve)));
  let closed = false;
  const closing = gate.close().then(() => {
    closed = true;
  });
  await expect(gate.run(async () => 1)).rejects.toMatchObject({ code: "CLOSED", details: { what: "store" } });
  expect(gate.signal.aborted).toBe(true);
  expect(closed).toBe(false);
  finish(7);
  expect(await call).toBe(7);
  await closing;
  await gate.close();
});

test("any number of watches may listen to its end without a warning of a leak", () => {
  expect(getMaxListeners(new CallGate("store").signal)).toBe(0);
});
