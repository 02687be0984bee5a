/**
 * A timeout for socket data: before firing, the timer lets pending socket data be read.
 *
 * After a process was held up (stopped, starved, busy for long), its timers run before its sockets are read, so a
 * plain timer gives up although the response has arrived. This one first gives the event loop one turn, which reads
 * what has arrived; a call whose response is among it cancels the timer.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Clock, Timer } from "./clock.ts";

/** Runs `callback` once, one turn of the event loop after `delayMs`; it can be cancelled until then. */
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
