/**
 * The end of a wait for something that comes over a socket: before firing, the timer lets pending socket data be read.
 *
 * When a process was held up (stopped, starved, busy for long) its timers run before its sockets are read, and a wait
 * with a plain timer gives up with the answer already here. This one gives the event loop one turn in between, which
 * reads what has arrived; a call whose answer is among it cancels the timer.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Clock, Timer } from "./clock.ts";

/** Runs `callback` once, a turn of the event loop after `delayMs`; it can be cancelled until then. */
export function setReadingTimer(clock: Clock, delayMs: number, callback: () => void): Timer {
  let turn: NodeJS.Immediate | undefined;
  const timer = clock.setTimer(delayMs, () => {
    turn = setImmediate(callback);
  });
  return {
    cancel: () => {
      timer.cancel();
      clearImmediate(turn);
    },
  };
}
