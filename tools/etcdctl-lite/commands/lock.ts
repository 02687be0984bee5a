/** `lock`: holds a named lock until it is interrupted, or while a command runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Turn } from "keelson/etcd";
import type { Command } from "../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../cli/failure.ts";
import type { CommandIo } from "../cli/io.ts";
import { passThrough } from "../cli/terminal.ts";

export const command: Command = {
  usage: "<lockname> [exec-command arg1 arg2 ...] [options]",
  about: [
    "Waits in one queue with etcdctl's and Go's locks of that name. The command finds the lock's key and fence in",
    "ETCD_LOCK_KEY and ETCD_LOCK_REV, and is ended if the lock is lost.",
  ].join("\n"),
  flags: [{ name: "ttl", type: "integer", fallback: "10", summary: "timeout for session, seconds" }],
  examples: [["lock nightly -- ./rebuild.sh", "one machine at a time"]],
  async run(session) {
    const [name, ...exec] = session.args;
    if (name === undefined) {
      throw badArguments("lock takes a lock name argument and an optional command to execute");
    }
    const etcd = await session.connect();
    const { io } = session;
    const { lock } = await import("keelson/etcd");
    const ttlSeconds = Math.max(2, Number(session.flags.integer("ttl")));
    await using held = await lock(etcd, name, { ttlSeconds, signal: io.signal });
    if (exec.length > 0) return await runUnder(held, exec, io);
    const response = await etcd.kv.range({ key: held.key }, session.call);
    await session.show({ type: "get", response, valuesOnly: false });
    await endOf(held, io.signal);
  },
};

/** Waits until the command is interrupted. @throws CliFailure when the lock is lost before */
export async function endOf(held: Turn, signal: AbortSignal): Promise<void> {
  const end = AbortSignal.any([held.lost, signal]);
  if (!end.aborted) await once(end, "abort");
  if (!signal.aborted) throw new CliFailure(exitCodes.error, "session expired", { cause: held.lost.reason });
}

async function runUnder(held: Turn, exec: readonly string[], io: CommandIo): Promise<void> {
  const [program = "", ...args] = exec;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...io.env, ETCD_LOCK_KEY: held.key, ETCD_LOCK_REV: String(held.revision) },
  });
  const end = (): void => void child.kill("SIGTERM");
  const ends = AbortSignal.any([held.lost, io.signal]);
  ends.addEventListener("abort", end, { once: true });
  child.stdout.on("data", (bytes: Buffer) => passThrough(io.stdout, bytes));
  child.stderr.on("data", (bytes: Buffer) => passThrough(io.stderr, bytes));
  const [code, signal] = await once(child, "close").catch((error: unknown) => [String(error), undefined]);
  ends.removeEventListener("abort", end);
  if (held.lost.aborted) throw new CliFailure(exitCodes.error, "session expired");
  if (code === 0) return;
  const status = typeof code === "number" ? code : exitCodes.error;
  throw new CliFailure(status, signal ?? (typeof code === "number" ? `exit status ${code}` : String(code)));
}
