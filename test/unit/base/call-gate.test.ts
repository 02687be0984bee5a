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

test("any number of watches may listen to its end without a warning of a leak", async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", note);
  try {
    const { signal } = new CallGate("store");
    for (let count = 0; count < 100; count++) signal.addEventListener("abort", () => undefined);
    // Warnings are told in a turn of their own.
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).not.toContain("MaxListenersExceededWarning");
  } finally {
    process.off("warning", note);
  }
});
