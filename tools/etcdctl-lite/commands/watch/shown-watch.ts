/** One watch as the watch command shows it: it prints events as they arrive and runs a command for each. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { isStoreError } from "keelson";
import type { Etcd, EtcdWatch, EtcdWatchRequest, Header, KvEvent } from "keelson/etcd";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf, hintOf } from "../../cli/failure-text.ts";
import type { FlagSpec, Flags } from "../../cli/flags.ts";
import type { CommandIo } from "../../cli/io.ts";
import { rangeOf } from "../../cli/key-range.ts";
import { passThrough } from "../../cli/terminal.ts";
import type { Printer } from "../../printers/printer.ts";
import { quoteBytes } from "../../text/quote.ts";

export const watchFlags: readonly FlagSpec[] = [
  {
    name: "from-key",
    type: "switch",
    summary: "watch keys that are greater than or equal to the given key",
  },
  { name: "prefix", type: "switch", summary: "watch on a prefix if prefix is set" },
  { name: "prev-kv", type: "switch", summary: "get the previous key-value pair before the event happens" },
  {
    name: "progress-notify",
    type: "switch",
    summary: "get periodic watch progress notification from server",
  },
  { name: "rev", type: "integer", summary: "revision to start watching" },
];

export interface WatchOrder {
  readonly request: EtcdWatchRequest;
  /** A command and its arguments; empty: none. */
  readonly exec: readonly string[];
}

/** @param words the arguments before `--` @throws CliFailure for an invalid range */
export function watchOrder(
  words: readonly string[],
  exec: readonly string[],
  { flags, env }: { readonly flags: Flags; readonly env: CommandIo["env"] },
): WatchOrder {
  const { ETCDCTL_WATCH_KEY: envKey = "", ETCDCTL_WATCH_RANGE_END: envEnd = "" } = env;
  if (envKey !== "" && words.length > 0) {
    throw badArguments("bad number of arguments (found conflicting environment key)");
  }
  if (envKey === "" && envEnd !== "") {
    throw badArguments(
      `ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END=${quoteBytes(Buffer.from(envEnd))}`,
    );
  }
  const args = envKey === "" ? words : [envKey, ...(envEnd === "" ? [] : [envEnd])];
  if (args.length < 1 || args.length > 2) throw badArguments("bad number of arguments");
  const revision = flags.integer("rev");
  const request = {
    ...rangeOf(args, flags),
    startRevision: revision === 0n ? undefined : revision,
    prevKv: flags.on("prev-kv"),
    progressNotify: flags.on("progress-notify"),
  };
  return { request, exec };
}

/**
 * Prints until the watch is stopped by its caller.
 * @param options.progress whether responses to progress requests are shown
 * @throws CliFailure when etcd cancels it, or a command fails
 */
export async function showWatch(
  etcd: Etcd,
  { request, exec }: WatchOrder,
  options: {
    readonly io: CommandIo;
    readonly printer: Printer;
    readonly signal: AbortSignal;
    readonly progress: boolean;
    readonly onOpen?: (watch: EtcdWatch) => void;
  },
): Promise<void> {
  const { io, printer, signal } = options;
  if ((request.startRevision ?? 0n) < 0n) throw cancelled(io, compactedText);
  await using watch = etcd.watches.open(request, { signal });
  options.onOpen?.(watch);
  try {
    for await (const batch of watch) {
      if (batch.type === "progress" && options.progress) {
        io.stdout.write(`progress notify: ${batch.revision}\n`);
      }
      if (batch.type !== "events") continue;
      printer.print({ type: "watch", header: batch.header, events: batch.events });
      if (exec.length > 0) for (const event of batch.events) await execute(exec, event, batch.header, io);
    }
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) throw cancelled(io, compactedText, error);
    if (!isStoreError(error, "UNAUTHENTICATED", "PERMISSION_DENIED")) throw error;
    throw cancelled(io, error.details.reason ?? causeOf(error), error);
  }
}

const compactedText = "etcdserver: mvcc: required revision has been compacted";

/** Exits as etcdctl when etcd cancels the watch; the reason is printed first. */
function cancelled(io: CommandIo, why: string, cause?: unknown): CliFailure {
  io.stderr.write(`watch was canceled (${why})\n`);
  return new CliFailure(exitCodes.interrupted, "watch is canceled by the server", {
    cause,
    hint: hintOf(cause),
  });
}

async function execute(
  exec: readonly string[],
  { type, kv }: KvEvent,
  header: Header,
  io: CommandIo,
): Promise<void> {
  const [name = "", ...args] = exec;
  const child = spawn(name, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...io.env,
      ETCD_WATCH_REVISION: String(header.revision),
      ETCD_WATCH_EVENT_TYPE: quoteBytes(type === "put" ? "PUT" : "DELETE"),
      ETCD_WATCH_KEY: quoteBytes(kv.key),
      ETCD_WATCH_VALUE: quoteBytes(kv.value),
    },
  });
  child.stdout.on("data", (bytes: Buffer) => passThrough(io.stdout, bytes));
  child.stderr.on("data", (bytes: Buffer) => passThrough(io.stderr, bytes));
  const [code, signal] = await once(child, "close").catch((error: unknown) => [String(error), undefined]);
  if (code === 0) return;
  const why = signal ?? (typeof code === "number" ? `exit status ${code}` : code);
  throw new CliFailure(exitCodes.error, `command [${exec.join(" ")}] error (${why})`);
}
