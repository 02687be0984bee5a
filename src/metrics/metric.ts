/**
 * A metric: its name, its meaning, and its current samples. Names, types and units follow Prometheus' conventions:
 * counters end in `_total`, times are seconds, sizes bytes.
 */
import type { Histogram } from "../resource/contract/store.ts";

/** Labels of a sample, by name. */
export type Labels = Readonly<Record<string, string | number>>;

/** One value of a metric, in prom-client's shape. */
export interface Sample {
  /** Its labels. */
  readonly labels: Labels;
  /** Seconds, bytes or a count, as the metric's name says. */
  readonly value: number;
  /** The name of a histogram's series. */
  readonly metricName?: string;
}

/** The description of a metric, without values. */
export interface MetricFacts {
  /** Without the prefix `keelson_`. */
  readonly name: string;
  /** A counter only grows, a gauge goes up and down, a histogram counts by size. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Its meaning, as help text. */
  readonly help: string;
}

/** A metric and the function that reads it. @typeParam From the source it is read from */
export interface Metric<From> extends MetricFacts {
  /** Current samples, without prefix; empty while there is no value. */
  read(from: From): readonly Sample[];
}

export const metricPrefix = "keelson_";

const msPerSecond = 1_000;

/** One sample without labels; none for undefined. */
export function single(value: number | boolean | undefined, labels: Labels = {}): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value: Number(value) }];
}

/** One sample per entry, with its name as the label. */
export function byName(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** Buckets, sum and count of a histogram of milliseconds, as seconds. @param name of the metric, with its prefix */
export function histogramSamples(name: string, labels: Labels, histogram: Histogram): readonly Sample[] {
  const { boundsMs, counts, sumMs } = histogram;
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    const bound = boundsMs[at];
    const le = bound === undefined ? "+Inf" : bound / msPerSecond;
    return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: sumMs / msPerSecond, metricName: `${name}_sum` },
    { labels, value: below, metricName: `${name}_count` },
  ];
}
