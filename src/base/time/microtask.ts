/**
 * Work at the end of this turn's microtasks. The global `queueMicrotask` is not used: test frameworks replace it
 * (Jest's fake timers do by default), and a store over them would wait for a tick that never comes.
 */
const resolved = Promise.resolve();

/** Calls `action` once, after the running code. An error that it throws is an unhandled rejection. */
export function soon(action: () => void): void {
  void resolved.then(action);
}
