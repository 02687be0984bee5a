import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { systemClock } from "../../../../src/base/time/clock.ts";
import { setReadingTimer } from "../../../../src/base/time/reading-timer.ts";
import { ManualClock, settled } from "../../../support/time/manual-clock.ts";

/** Holds the process up, sockets and timers included. */
function holdUp(forMs: number): void {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    // Nothing else runs.
  }
}

test("a process that was held up past the end of a wait reads what lies in its sockets before the wait ends", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [peer] = await once(server, "connection");
  const happened: string[] = [];
  client.on("data", () => happened.push("read"));
  await new Promise<void>((resolve) => {
    // Timers come next after this turn, sockets after them.
    setImmediate(() => {
      setReadingTimer(systemClock, 20, () => {
        happened.push("over");
        resolve();
      });
      peer.write("answer");
      holdUp(60);
    });
  });
  expect(happened).toEqual(["read", "over"]);
  client.destroy();
  peer.destroy();
  server.close();
});

test("a wait that is cancelled in its last turn does not end", async () => {
  const clock = new ManualClock();
  const setTimer = clock.setTimer.bind(clock);
  // What is read in that turn comes here, right after the timer.
  clock.setTimer = (delayMs, callback) =>
    setTimer(delayMs, () => {
      callback();
      cancelled.cancel();
    });
  const ended: string[] = [];
  const cancelled = setReadingTimer(clock, 20, () => ended.push("cancelled"));
  setReadingTimer(clock, 20, () => ended.push("kept"));
  await clock.advance(20);
  await settled();
  expect(ended).toEqual(["kept"]);
});
