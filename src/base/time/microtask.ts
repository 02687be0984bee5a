/**
 * Work at the end of this turn's microtasks. The global `queueMicrotask` is not used: test frameworks replace it (Jest's
 * fake timers do unless told otherwise), and a store over them would wait for a tick that nobody makes.
 */
const resolved = Promise.resolve();

/** Calls `action` once, after the code that runs now. What it throws is an unhandled rejection. */
export function soon(action: () => void): void {
  void resolved.then(action);
}
