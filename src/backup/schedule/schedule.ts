/** When a task of a backup process is due: a cron expression or a fixed interval, as a pure function of time. */
import { Cron } from "croner";
import { messageOf } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";

/** When a task is due. */
export interface Schedule {
  /** The first due time after `ms`, both milliseconds since 1970; undefined when it never comes. */
  next(ms: number): number | undefined;
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a schedule: a cron expression of five fields in UTC ("0 3 * * *"), or an interval of at least a second ("30s",
 * "5m", "6h", "7d").
 * @param argument the option it came from, for the error
 * @throws INVALID_ARGUMENT
 */
export function parseSchedule(text: string, argument: string): Schedule {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) {
    const everyMs = Number(count) * (units[unit] ?? 0);
    if (everyMs < 1_000) throw refused(text, argument, "the interval is below a second");
    return { next: (ms) => ms + everyMs };
  }
  try {
    const cron = new Cron(text, { timezone: "UTC", paused: true, mode: "5-part" });
    return { next: (ms) => cron.nextRun(new Date(ms))?.getTime() };
  } catch (error) {
    throw refused(text, argument, messageOf(error));
  }
}

function refused(text: string, argument: string, why: string): Error {
  return invalidArgument(
    argument,
    `Cannot read the schedule ${quote(text)}: ${why}; expected five fields of cron ("0 3 * * *") or an interval ("5m")`,
  );
}
