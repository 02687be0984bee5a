/**
 * `snapshot save`: streams one member's database and verifies it; the file appears only when it is complete. `-`
 * streams to stdout.
 */
import { Writable } from "node:stream";
import { isStoreError } from "keelson";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { cliFailureOf } from "../../cli/failure-text.ts";
import type { CommandIo } from "../../cli/io.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { parseSize } from "../../cli/size.ts";

export const command: Command = {
  usage: "<filename> [options]",
  about: [
    "The file must not exist yet, and exists only once it is complete and verified. The command stops if the member is",
    "silent for --idle-timeout, or after --command-timeout if given.",
  ].join("\n"),
  flags: [
    {
      name: "bwlimit",
      type: "text",
      summary: "bytes a second at most, e.g. 20MB: the member keeps its disk and network",
    },
    { name: "idle-timeout", type: "duration", fallback: "30s", summary: "longest silence of the stream" },
  ],
  examples: [
    ["snapshot save backup.db --bwlimit 20MB", "gently, with a progress bar on a terminal"],
    ["snapshot save - | gzip > backup.db.gz", "to stdout, without a file on this machine"],
  ],
  async run(session) {
    const { flags, io } = session;
    const [path] = session.args;
    if (path === undefined || session.args.length !== 1)
      throw badArguments("snapshot save expects one argument");
    const endpoints = await session.endpoints();
    if (endpoints.length !== 1) {
      throw new CliFailure(
        exitCodes.interrupted,
        `snapshot must be requested to one selected node, not multiple [${endpoints.join(" ")}]`,
      );
    }
    const limit = flags.text("bwlimit");
    const bytesPerSecond = limit === "" ? undefined : parseSize(limit);
    const etcd = await session.connect().catch((error: unknown) => {
      throw notSaved(error);
    });
    const { saveSnapshot } = await import("keelson/backup");
    using bar = progressBar(io.stderr);
    const options = {
      endpoint: etcd.endpoints[0],
      bytesPerSecond,
      idleTimeoutMs: flags.durationMs("idle-timeout"),
      timeoutMs: flags.given("command-timeout") ? flags.durationMs("command-timeout") : undefined,
      signal: io.signal,
      onProgress: bar.show,
    };
    try {
      if (path === "-") {
        const { sizeBytes, sha256 } = await saveSnapshot(etcd, writableOf(io), options);
        bar.clear();
        io.stderr.write(`Snapshot of ${sizeBytes} bytes written, sha256 ${sha256}\n`);
        return;
      }
      const { storageVersion } = await saveSnapshot(etcd, path, options);
      bar.clear();
      session.line(`Snapshot saved at ${path}`);
      // As in etcdctl from 3.6 on; earlier versions have none.
      if (storageVersion !== undefined) session.line(`Server version ${storageVersion}`);
    } catch (error) {
      io.signal.throwIfAborted();
      throw notSaved(error);
    }
  },
};

/** Reports that nothing was saved; a wrong password, a missing file and a signal keep their own exit codes. */
function notSaved(error: unknown): unknown {
  const failure = cliFailureOf(error);
  if (!isStoreError(error) || !(failure instanceof CliFailure) || failure.exitCode !== exitCodes.error)
    return failure;
  return new CliFailure(exitCodes.interrupted, failure.message, { cause: error, hint: failure.hint });
}

/** stdout with back-pressure, if it has any. */
function writableOf({ stdout }: CommandIo): Writable {
  if (stdout instanceof Writable) return stdout;
  return new Writable({
    write(bytes: Buffer, _encoding, done) {
      stdout.write(bytes);
      done();
    },
  });
}
