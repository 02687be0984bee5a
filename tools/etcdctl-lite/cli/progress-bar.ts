/**
 * A progress bar on stderr for work of more than a second, or a count if the total is unknown: only on a terminal, and
 * removed when the work is done.
 */
import type { Progress } from "keelson";
import { formatBytes } from "../text/quote.ts";
import type { Output } from "./io.ts";
import { ownSequence } from "./terminal.ts";

const showAfterMs = 1_000;
const barWidth = 30;
const clearLine = "\r\u001b[K";

/** The library's progress, and the tool's own counts. */
type Shown = Omit<Progress, "unit"> & { readonly unit: Progress["unit"] | "keys" | "writes" };

export interface ProgressBar extends Disposable {
  readonly show: (progress: Shown) => void;
  clear(): void;
}

/** @param nowMs monotonic */
export function progressBar(output: Output, nowMs: () => number = () => performance.now()): ProgressBar {
  const startedMs = nowMs();
  let shown = false;
  const clear = (): void => {
    if (shown) output.write(ownSequence(output, clearLine));
    shown = false;
  };
  return {
    show(progress) {
      const elapsedMs = nowMs() - startedMs;
      if (output.isTTY !== true || elapsedMs < showAfterMs) return;
      shown = true;
      output.write(`${ownSequence(output, clearLine)}${fitted(lineOf(progress, elapsedMs), output.columns)}`);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

/** A line wider than the terminal would wrap and leave copies behind: the bar is dropped first, then the end is cut. */
function fitted(line: string, columns = 0): string {
  // A terminal with unknown width reports 0.
  const width = columns > 0 ? columns : 80;
  if (line.length < width) return line;
  return line.replace(/^[█░]+ /, "").slice(0, width - 1);
}

function lineOf({ done, total, unit }: Shown, elapsedMs: number): string {
  const perSecond = Math.round((done / elapsedMs) * 1000);
  const [shown, rate] =
    unit === "bytes"
      ? [formatBytes(BigInt(done)), `${formatBytes(BigInt(perSecond))}/s`]
      : [`${done} ${unit}`, `${perSecond} a second`];
  if (total === undefined || total <= 0) return `${shown}  ${rate}`;
  const share = Math.min(1, done / total);
  const full = Math.round(share * barWidth);
  const leftSeconds = Math.ceil(((total - done) / Math.max(1, done)) * (elapsedMs / 1000));
  const bar = `${"█".repeat(full)}${"░".repeat(barWidth - full)}`;
  return `${bar} ${Math.floor(share * 100)} %  ${shown}  ${rate}  ${timeText(leftSeconds)} left`;
}

/** "42 s", "3 min 5 s", "2 h 10 min". */
function timeText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
