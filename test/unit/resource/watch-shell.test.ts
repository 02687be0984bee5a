import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { isStoreError } from "../../../src/errors.ts";
import type { WatchEvent } from "../../../src/resource/contract/watch.ts";
import { oneByOne, WatchShell } from "../../../src/resource/watch-shell.ts";

test("a watch has one loop", () => {
  const shell = new WatchShell();
  shell.take();
  expect(() => shell.take()).toThrow(/has one loop/);
});

test("a watch ends once: the first end counts, cleanups run in order before the signal aborts", () => {
  const shell = new WatchShell();
  const order: string[] = [];
  shell.onEnd(() => order.push("first"));
  shell.onEnd(() => order.push("second"));
  shell.signal.addEventListener("abort", () => order.push("abort"));
  const error = new Error("lost");
  shell.finish({ error });
  shell.finish("left");
  expect(order).toEqual(["first", "second", "abort"]);
  expect(shell.end).toEqual({ error });
  expect(shell.signal.reason).toBe(error);
});

test("what is added after the end is cleaned up at once, and no listener stays", () => {
  const shell = new WatchShell();
  shell.finish("timeout");
  let cleaned = 0;
  shell.onEnd(() => cleaned++);
  expect(cleaned).toBe(1);
  const caller = new AbortController();
  shell.endWith(caller.signal, () => "left");
  expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
  expect(shell.end).toBe("timeout");
  expect(isStoreError(shell.signal.reason, "CLOSED")).toBe(true);
});

test("a signal ends the watch with its own reason, now or later, and is not listened to afterwards", () => {
  const gone = new AbortController();
  gone.abort(new Error("gone"));
  const ended = new WatchShell();
  ended.endWith(gone.signal, (reason) => ({ error: reason }));
  expect(ended.end).toEqual({ error: gone.signal.reason });

  const caller = new AbortController();
  const left = new WatchShell();
  left.endWith(caller.signal, () => "left");
  expect(left.end).toBeUndefined();
  caller.abort(new Error("enough"));
  expect(left.end).toBe("left");
  expect(left.signal.reason).toBe(caller.signal.reason);

  const other = new AbortController();
  const closed = new WatchShell();
  closed.endWith(other.signal, () => "left");
  closed.finish("left");
  expect(getEventListeners(other.signal, "abort")).toHaveLength(0);
});

const event = (resourceVersion: string): WatchEvent<never> => ({ type: "BOOKMARK", resourceVersion });

test("oneByOne() hands over batches event by event, empty ones passed over, and drops the rest when left", async () => {
  const batches = [[event("1"), event("2")], [], [event("3"), event("4")]];
  let left = 0;
  const loop = oneByOne<never>({
    next: async () => {
      const value = batches.shift();
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
    leave: async () => {
      left++;
      return { done: true, value: undefined };
    },
  });
  const version = async (): Promise<string | undefined> => (await loop.next()).value?.resourceVersion;
  expect([await version(), await version(), await version()]).toEqual(["1", "2", "3"]);
  await loop.return?.();
  expect(left).toBe(1);
  expect(await version()).toBeUndefined();
});
