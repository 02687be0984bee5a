/**
 * The output of setup, always on stderr: stdout belongs to the program that setup prepares.
 *
 * One line per finished step, and on a terminal one live line during a step.
 */

/** A failure whose message is meant for the person at the terminal: printed as it is, without a stack. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/**
 * Says that `what` has begun and, once it is done, how long it took.
 *
 * @template T
 * @param {string} what
 * @param {(live: (detail: string) => void) => Promise<T>} work gets a function that updates the live line
 * @returns {Promise<T>}
 */
export async function step(what, work) {
  const startedMs = Date.now();
  const terminal = process.stderr.isTTY === true && process.env["CI"] === undefined;
  say(`${what} …`);
  /** @param {string} detail */
  const live = (detail) => {
    if (terminal) process.stderr.write(`\r\u001b[2Ksetup: ${what} … ${detail}`);
  };
  try {
    const result = await work(live);
    if (terminal) process.stderr.write("\r\u001b[2K");
    say(`${what}: done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    if (terminal) process.stderr.write("\r\u001b[2K");
    throw error;
  }
}
