/**
 * Line charts as SVG text, for docs/plots: both axes logarithmic, a line per series, named in a legend. Pure;
 * bench/report draws with it. Colours have medium lightness and text follows the reader's colour scheme, so charts are
 * readable on light and dark pages.
 */
export interface Series {
  readonly name: string;
  /** In ascending x; both above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const width = 780;
const height = 400;
/** Space for the title, the labels of the axes and the legend. */
const margin = { top: 44, right: 270, bottom: 52, left: 72 } as const;
const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
/** Distinguishable for colour-blind readers; the marks differ, too. */
const colours = ["#3b82f6", "#e08214", "#12a594", "#c2529b", "#8a6fdf", "#7a8b1f"] as const;

/** The chart; only its frame if there are no points. */
export function lineChart({ title, xLabel, yLabel, series }: Chart): string {
  const drawn = series
    .map(({ name, points }) => ({ name, points: points.filter(([x, y]) => x > 0 && y > 0) }))
    .filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  const x = axis(
    all.map(([value]) => value),
    margin.left,
    margin.left + inner.width,
  );
  const y = axis(
    all.map(([, value]) => value),
    margin.top + inner.height,
    margin.top,
  );
  const bottom = margin.top + inner.height;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.grid{stroke:#8c959f;stroke-opacity:.3}.title{font-weight:600;font-size:15px}",
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>",
    `<text class="title" x="${margin.left}" y="24">${escaped(title)}</text>`,
    ...x.ticks.flatMap((tick) => [
      `<line class="grid" x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${margin.top}" y2="${bottom}"/>`,
      `<text x="${x.at(tick)}" y="${bottom + 18}" text-anchor="middle">${short(tick)}</text>`,
    ]),
    ...y.ticks.flatMap((tick) => [
      `<line class="grid" x1="${margin.left}" x2="${margin.left + inner.width}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>`,
      `<text x="${margin.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
    ]),
    `<text x="${margin.left + inner.width / 2}" y="${height - 12}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text x="16" y="${margin.top + inner.height / 2}" text-anchor="middle" transform="rotate(-90 16 ${margin.top + inner.height / 2})">${escaped(yLabel)}</text>`,
    ...drawn.flatMap(({ name, points }, index) => {
      const colour = colours[index % colours.length] ?? colours[0];
      const places = points.map(([px, py]) => `${x.at(px)},${y.at(py)}`);
      const legendY = margin.top + 10 + index * 20;
      const legendX = margin.left + inner.width + 14;
      return [
        `<polyline points="${places.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.map(([px, py]) => mark(index, x.at(px), y.at(py), colour)),
        mark(index, legendX, legendY - 4, colour),
        `<text x="${legendX + 10}" y="${legendY}">${escaped(name)}</text>`,
      ];
    }),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** A logarithmic axis over whole decades, or over halves of one where there is only one. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = values.length === 0 ? 1 : Math.min(...values);
  const high = values.length === 0 ? 10 : Math.max(...values);
  const first = Math.floor(Math.log10(low));
  const last = Math.max(first + 1, Math.ceil(Math.log10(high)));
  const decades = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  const ticks =
    decades.length > 3
      ? decades
      : decades.flatMap((tick, i) => (i < decades.length - 1 ? [tick, tick * 2, tick * 5] : [tick]));
  return {
    ticks,
    at: (value) =>
      Math.round((from + ((Math.log10(value) - first) / (last - first)) * (to - from)) * 10) / 10,
  };
}

function mark(index: number, x: number, y: number, colour: string): string {
  if (index % 3 === 0) return `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`;
  if (index % 3 === 1) return `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"/>`;
  return `<path d="M${x} ${y - 5}l5 9h-10z" fill="${colour}"/>`;
}

function short(value: number): string {
  const rounded = Number(value.toPrecision(2));
  if (rounded >= 1e6) return `${rounded / 1e6}M`;
  return rounded >= 1e3 ? `${rounded / 1e3}k` : String(rounded);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
