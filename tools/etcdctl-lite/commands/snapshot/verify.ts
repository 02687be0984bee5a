/** `snapshot verify`: how far a snapshot can be trusted, and why. */

import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import { counted } from "../../text/counted.ts";
import { goJson } from "../../text/go-json.ts";

export const command: Command = {
  usage: "<filename> [options]",
  flags: [
    {
      name: "boot",
      type: "switch",
      summary: "start a real etcd from a scratch restore and compare its hash",
    },
    {
      name: "live",
      type: "switch",
      summary: "compare with the cluster at --endpoints, where it still has the revision",
    },
  ],
  examples: [
    ["snapshot verify backup.db", "SHA-256, every page, every record"],
    ["snapshot verify backup.db --boot", "and that an etcd boots from it and answers the same"],
  ],
  async run(session) {
    const [path] = session.args;
    if (path === undefined || session.args.length !== 1)
      throw badArguments("snapshot verify expects one argument");
    const { flags, io } = session;
    const live = flags.on("live") ? await session.connect() : undefined;
    const { verifySnapshot } = await import("keelson/backup");
    using bar = progressBar(io.stderr);
    const report = await verifySnapshot(path, {
      boot: flags.on("boot"),
      live,
      onProgress: bar.show,
      signal: io.signal,
    });
    bar.clear();
    const { ok, proved, problems, notes, hashKv, info } = report;
    if (flags.text("write-out") === "json") {
      const found = problems.map(({ offset, what }) => ({ offset, what }));
      session.line(goJson({ ok, proved, hashKv, revision: info?.revision, problems: found, notes }));
    } else {
      for (const { offset, what } of problems) {
        session.line(offset === undefined ? `problem: ${what}` : `problem at byte ${offset}: ${what}`);
      }
      for (const note of notes) session.line(`note: ${note}`);
      if (ok) session.line(`${path} is sound: revision ${info?.revision}, proved by ${proofs[proved]}`);
    }
    if (!ok)
      throw new CliFailure(exitCodes.error, `${path} is damaged: ${counted(problems.length, "problem")}`);
  },
};

const proofs = {
  boot: "an etcd that booted from it",
  live: "the live cluster's hash",
  self: "its own hashes, pages and records",
} as const;
