/** Ages as kubectl shows them (apimachinery's duration.HumanDuration): two units at most, coarser as they grow. */
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** "47s", "5m10s", "3h12m", "5d", "2y"; "<invalid>" below zero by two seconds or more, as with clocks that differ. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  const units = (above: number, letter: string, below?: number, small?: string): string => {
    const rest = below === undefined ? 0 : Math.floor((seconds % above) / below);
    return `${Math.floor(seconds / above)}${letter}${rest === 0 ? "" : `${rest}${small}`}`;
  };
  if (seconds < 2 * minute) return `${seconds}s`;
  if (seconds < 10 * minute) return units(minute, "m", 1, "s");
  if (seconds < 3 * hour) return units(minute, "m");
  if (seconds < 8 * hour) return units(hour, "h", minute, "m");
  if (seconds < 2 * day) return units(hour, "h");
  if (seconds < 8 * day) return units(day, "d", hour, "h");
  if (seconds < 2 * year) return units(day, "d");
  if (seconds < 8 * year) return units(year, "y", day, "d");
  return units(year, "y");
}
