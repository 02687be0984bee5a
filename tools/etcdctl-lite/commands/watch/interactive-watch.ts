/**
 * `watch -i`: starts watches from lines of stdin and shows all their events, until stdin ends.
 *
 *   watch [options] <key> [range_end] [-- exec-command arg ...]
 *   progress
 */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Etcd, EtcdWatch } from "keelson/etcd";
import { messageOf } from "../../../../src/base/text/message-of.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { parseFlags } from "../../cli/flags.ts";
import type { Session } from "../../cli/session.ts";
import { wordsOf } from "../../text/argify.ts";
import { showWatch, type WatchOrder, watchFlags, watchOrder } from "./shown-watch.ts";

/** @throws CliFailure, with etcdctl's exit codes: always, since only the end of stdin ends it */
export async function watchInteractively(session: Session, etcd: Etcd): Promise<void> {
  const { io } = session;
  const printer = await session.printer();
  const end = new AbortController();
  const signal = AbortSignal.any([io.signal, end.signal]);
  const open = new Set<EtcdWatch>();
  const shown: Promise<void>[] = [];

  const start = async (order: WatchOrder): Promise<void> => {
    let watch: EtcdWatch | undefined;
    const onOpen = (opened: EtcdWatch): void => void open.add((watch = opened));
    try {
      await showWatch(etcd, order, { io, printer, signal, progress: true, onOpen });
    } catch (error) {
      // A cancelled watch was already reported, and the others continue.
      const isTold = error instanceof CliFailure && error.exitCode === exitCodes.interrupted;
      if (!isTold && !signal.aborted) io.stderr.write(`${messageOf(error)}\n`);
    } finally {
      if (watch !== undefined) open.delete(watch);
    }
  };

  const obey = (line: string): void => {
    const [verb, ...words] = wordsOf(line);
    switch (verb) {
      case undefined:
        io.stderr.write(`Invalid command: ${line} (watch and progress supported)\n`);
        return;
      case "watch":
        if (words.length === 0 && io.env["ETCDCTL_WATCH_KEY"] === undefined) {
          io.stderr.write(`Invalid command ${line} (command type or key is not provided)\n`);
        } else shown.push(start(orderOf(words, io.env)));
        return;
      case "progress":
        for (const watch of open) watch.requestProgress();
        return;
      default:
        io.stderr.write(`Invalid command ${line} (only support watch)\n`);
    }
  };

  const lines = createInterface({ input: Readable.from(io.stdin), signal });
  try {
    for await (const line of lines) obey(line);
    io.signal.throwIfAborted();
    throw new CliFailure(exitCodes.badInput, "error reading watch request line: EOF");
  } finally {
    end.abort(new Error("stdin has ended"));
    await Promise.all(shown);
  }
}

function orderOf(words: readonly string[], env: Session["io"]["env"]): WatchOrder {
  const dash = words.indexOf("--");
  if (dash >= 0 && dash === words.length - 1) {
    throw badArguments("bad number of arguments (found separator --, but no commands)");
  }
  const { flags, args, dashAt } = parsed(words);
  const keys = dashAt < 0 ? args : args.slice(0, dashAt);
  return watchOrder(keys, dashAt < 0 ? [] : args.slice(dashAt), { flags, env });
}

/** An unknown flag counts as a wrong argument here, as with etcdctl. */
function parsed(words: readonly string[]): ReturnType<typeof parseFlags> {
  try {
    return parseFlags(words, watchFlags);
  } catch (error) {
    throw error instanceof CliFailure ? badArguments(error.message) : error;
  }
}
