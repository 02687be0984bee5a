/** The history of a kind: positions that outlive a trim, and nothing held of what was trimmed. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type Change, ChangeLog } from "../../../../src/watch/state/change-log.ts";
import type { Entry } from "../../../../src/watch/state/version.ts";

const changeAt = (position: number): Change => ({
  position,
  revision: BigInt(position * 10),
  entry: {} as Entry,
  before: undefined,
  after: undefined,
});

function logOf(changes: number): ChangeLog {
  const log = new ChangeLog();
  for (let position = 1; position <= changes; position++) log.append(changeAt(position));
  return log;
}

test("a trimmed log answers by position and by revision as before", () => {
  // More than the log needs to give dropped places back, and so few that it does not.
  for (const dropped of [3, 1_500]) {
    const log = logOf(2_000);
    for (let i = 0; i < dropped; i++) log.dropFirst();
    expect(log.length).toBe(2_000 - dropped);
    expect(log.first?.position).toBe(dropped + 1);
    expect(log.last?.position).toBe(2_000);
    expect(log.at(dropped)).toBeUndefined();
    expect(log.at(dropped + 1)?.position).toBe(dropped + 1);
    expect(log.positionAt(19_999n)).toBe(1_999);
    expect(log.positionAt(0n)).toBe(dropped);
    for (let i = dropped; i < 2_000; i++) log.dropFirst();
    log.dropFirst();
    expect([log.length, log.first, log.last]).toEqual([0, undefined, undefined]);
    expect(log.position).toBe(2_000);
  }
});

test("dropFirst() lets go of the change at once: its versions hold bytes", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const log = logOf(10);
  const first = new WeakRef(log.first as Change);
  const held = new WeakRef(log.last as Change);
  log.dropFirst();
  // A WeakRef keeps its object to the end of the turn in which it was made or asked.
  for (let turn = 0; turn < 100 && first.deref() !== undefined; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(first.deref()).toBeUndefined();
  expect(held.deref()?.position).toBe(10);
  expect(log.length).toBe(9);
});
