/** `top`: shows the contents of etcd by prefix, and its requests, live. It only reads. */
import { isStoreError } from "keelson";
import type { Etcd } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { clusterFlag, endpointsOf } from "../../cli/endpoints.ts";
import { badArguments, badFeature } from "../../cli/failure.ts";
import { type Range, rangeOf } from "../../cli/key-range.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import type { Session } from "../../cli/session.ts";
import { ownSequence } from "../../cli/terminal.ts";
import { goJson } from "../../text/go-json.ts";
import { keyGroup } from "../../text/key-group.ts";
import { LiveCounts } from "./live-counts.ts";
import { requestFigures } from "./request-figures.ts";
import { type TopFigures, topScreen } from "./top-screen.ts";

/** More often would not be useful. */
const intervalMinMs = 10;
/** Lines of a screen without prefixes. */
const linesAround = 5;
const rowsDefault = 24;
/** Moves to the top left and clears the screen below. */
const clearScreen = "\u001b[H\u001b[J";

export const command: Command = {
  usage: "[prefix] [options]",
  about: [
    "Counts keys and bytes once, then follows every change with a watch. Requests come from the members' metrics pages",
    "(all kinds of clients, not by prefix, because etcd does not report that). Ctrl-C ends it.",
  ].join("\n"),
  flags: [
    clusterFlag,
    {
      name: "depth",
      type: "integer",
      summary: "names of a key that make its prefix (default: one below [prefix], or 2)",
    },
    { name: "interval", type: "duration", fallback: "2s", summary: "between two looks" },
    { name: "once", type: "switch", summary: "look once, with totals instead of rates" },
  ],
  examples: [
    ["top", "the whole etcd, by /registry/pods/ and the like"],
    ["top /registry/pods/ --interval 1s", "pods by namespace"],
    ["top --once -w json", "for a script; without --once a line every interval"],
  ],
  async run(session) {
    const { args, flags, io } = session;
    const format = flags.text("write-out");
    if (format !== "simple" && format !== "json")
      throw badFeature(`${format} not supported as output format`);
    const [prefix = ""] = args;
    if (args.length > 1) throw badArguments("top takes one prefix at most");
    const depth = Number(flags.integer("depth")) || defaultDepth(prefix);
    if (depth < 1) throw badArguments("--depth is at least 1");
    const intervalMs = flags.durationMs("interval");
    if (intervalMs < intervalMinMs) throw badArguments(`--interval is at least ${intervalMinMs}ms`);
    const endpoints = await endpointsOf(session);
    const etcd = await session.connect(endpoints);
    const range = wholeRange(prefix);
    for (;;) {
      try {
        return await look(session, etcd, { range, depth, intervalMs });
      } catch (error) {
        // Compacted during the count, or restored: the count is invalid.
        if (!isStoreError(error, "EXPIRED")) throw error;
        io.signal.throwIfAborted();
      }
    }
  },
};

interface Order {
  readonly range: Range;
  readonly depth: number;
  readonly intervalMs: number;
}

async function look(session: Session, etcd: Etcd, { range, depth, intervalMs }: Order): Promise<void> {
  const { io, flags } = session;
  const { clock } = etcd;
  const counts = new LiveCounts((key) => keyGroup(key, depth));
  {
    using bar = progressBar(io.stderr);
    const onKeys = (done: number): void => bar.show({ done, unit: "objects" });
    await counts.count(etcd, range, { signal: io.signal, onKeys });
  }
  let last = await figuresNow(session, etcd, counts);
  if (flags.on("once")) return show(session, last, undefined);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const watching = follow(etcd, { range, counts, signal });
  // A waiter receives the failure; there may be no waiter at that time.
  watching.catch(() => undefined);
  try {
    show(session, last, undefined);
    for (;;) {
      await Promise.race([clock.sleep(intervalMs, signal), watching]);
      io.signal.throwIfAborted();
      const now = await figuresNow(session, etcd, counts);
      show(session, now, last);
      last = now;
    }
  } finally {
    stop.abort(new Error("top has ended"));
    await watching.catch(() => undefined);
  }
}

async function follow(
  { watches }: Etcd,
  facts: { readonly range: Range; readonly counts: LiveCounts; readonly signal: AbortSignal },
): Promise<void> {
  const { range, counts, signal } = facts;
  const request = { ...range, startRevision: counts.revision + 1n, prevKv: true };
  await using watch = watches.open(request, { signal });
  for await (const batch of watch) counts.take(batch);
}

async function figuresNow({ call }: Session, etcd: Etcd, counts: LiveCounts): Promise<TopFigures> {
  const pages = await Promise.all(
    etcd.endpoints.map((endpoint) => etcd.maintenance.metrics({ ...call, endpoint })),
  );
  return {
    revision: counts.revision,
    groups: counts.groups.map((group) => ({ ...group })),
    figures: requestFigures(pages),
    atMs: etcd.clock.monotonicMs(),
  };
}

function show({ flags, io }: Session, now: TopFigures, before: TopFigures | undefined): void {
  if (flags.text("write-out") === "json") {
    const { revision, groups, figures } = now;
    const requests = Object.fromEntries(figures.requests);
    const { members, watchers } = figures;
    io.stdout.write(
      `${goJson({ revision, members, watchers, requests, prefixes: groups.map((group) => ({ ...group })) })}\n`,
    );
    return;
  }
  const redraws = io.stdout.isTTY === true && !flags.on("once");
  const rows = redraws ? Math.max(1, (io.stdout.rows ?? rowsDefault) - linesAround) : undefined;
  const screen = topScreen(now, before, rows);
  if (redraws) io.stdout.write(ownSequence(io.stdout, clearScreen) + fitted(screen, io.stdout.columns));
  else io.stdout.write(before === undefined ? screen : `\n${screen}`);
}

/** Cuts lines, because a wrapped line would scroll the first ones off the screen. */
function fitted(screen: string, columns = 0): string {
  // A terminal with unknown width reports 0.
  if (columns === 0) return screen;
  return screen
    .split("\n")
    .map((line) => line.slice(0, columns))
    .join("\n");
}

/** "" means all keys: etcd requires a first key. */
function wholeRange(prefix: string): Range {
  return rangeOf([prefix], { on: (name) => name === "prefix" });
}

const defaultDepth = (prefix: string): number =>
  prefix === "" ? 2 : prefix.split("/").filter((name) => name !== "").length + 1;
