/**
 * Runs one program of setup: keeps its output for the error message and never hangs.
 *
 * A program that must make progress (a download) is monitored by a growing number; if that stops growing for too long
 * the program is ended, so that an unreachable network costs seconds.
 */
import { spawn } from "node:child_process";

/** How often a watched program's progress is looked at, milliseconds. */
const watchIntervalMs = 500;
/** Output kept of one program, characters: enough for the last lines of any error. */
const outputCharactersMax = 64_000;

/**
 * @typedef {object} Watchdog
 * @property {() => number} progress a number that grows while the program gets on
 * @property {number} firstMs how long it may stand at its first value, milliseconds
 * @property {number} idleMs how long it may stand still later on, milliseconds
 *
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default this process's own
 * @property {Watchdog} [watchdog]
 * @property {number} [timeoutMs] bound of the whole run
 * @property {(progress: number) => void} [onProgress] with a watchdog: called whenever its number was read
 *
 * @typedef {object} RunResult
 * @property {boolean} ok exit code 0
 * @property {number | null} code null when it was ended by a signal or could not be started
 * @property {string} stdout
 * @property {string} output stdout and stderr as they came
 * @property {boolean} stalled ended by the watchdog or the timeout
 */

/**
 * Runs `command` to its end. Never rejects: a program that cannot be started is `ok: false` with the reason
 * in `output`.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let stdout = "";
    let output = "";
    let stalled = false;
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stopWatching = watch(options, () => {
      stalled = true;
      child.kill("SIGKILL");
    });
    /** @param {string} text */
    const keep = (text) => {
      output = (output + text).slice(-outputCharactersMax);
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout = (stdout + text).slice(-outputCharactersMax);
      keep(text);
    });
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => {
      stopWatching();
      resolve({ ok: false, code: null, stdout, output: `${output}${error.message}`, stalled });
    });
    child.on("close", (code) => {
      stopWatching();
      resolve({ ok: code === 0 && !stalled, code, stdout, output, stalled });
    });
  });
}

/**
 * @param {RunOptions} options
 * @param {() => void} onStalled
 * @returns {() => void} stops watching
 */
function watch({ watchdog, timeoutMs, onProgress }, onStalled) {
  const startedMs = Date.now();
  let last = watchdog?.progress() ?? 0;
  let changedMs = startedMs;
  let moved = false;
  const timer = setInterval(() => {
    const nowMs = Date.now();
    if (timeoutMs !== undefined && nowMs - startedMs > timeoutMs) return onStalled();
    if (watchdog === undefined) return;
    const progress = watchdog.progress();
    onProgress?.(progress);
    if (progress !== last) {
      last = progress;
      changedMs = nowMs;
      moved = true;
    } else if (nowMs - changedMs > (moved ? watchdog.idleMs : watchdog.firstMs)) {
      onStalled();
    }
  }, watchIntervalMs);
  return () => clearInterval(timer);
}

/**
 * The line of a program's output that says why it failed, for one line of ours.
 *
 * @param {string} output
 * @returns {string}
 */
export function lastWords(output) {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const telling = [
    /^E: (?!Some index)/,
    /^W: Failed to fetch/,
    /^npm (?:error|ERR!) (?!code|syscall|errno)\S/,
    /error/i,
  ];
  const found = telling
    .map((pattern) => lines.find((line) => pattern.test(line)))
    .find((line) => line !== undefined);
  return (found ?? lines.at(-1) ?? "it said nothing").replace(/^(?:[EW]:|npm (?:error|ERR!))\s*/, "");
}
