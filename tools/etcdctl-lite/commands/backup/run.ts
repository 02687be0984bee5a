/** `backup run`: a process that creates backups on a schedule, verifies them by drills, and reports its health. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { BackupRunEvent, BackupRunStatus } from "keelson/backup";
import { messageOf } from "../../../../src/base/text/message-of.ts";
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { openedRepository, repositoryFlags } from "../../store/repository-flags.ts";
import { keepsSome, retentionFlags, retentionOf } from "./retention-flags.ts";
import { writeStatus } from "./status-file.ts";

/** A full backup may be this much older than its schedule before /healthz fails. */
const healthyAgeHours = 48;

export const command: Command = {
  usage: "--repository <directory> [options]",
  about: [
    "Takes full backups and deltas on a schedule, prunes by the --keep-* policy, reads the repository back, and runs",
    "drills: it restores the newest state to a scratch directory, boots a real etcd on it and compares. Schedules are",
    'five fields of cron in UTC ("0 3 * * *") or intervals ("5m"); an empty schedule is never due. If several such',
    "processes run, one leads by an election in etcd. With --listen it serves /metrics, /healthz and /status. SIGTERM",
    "stops it without unfinished work.",
  ].join("\n"),
  flags: [
    ...repositoryFlags,
    { name: "delta", type: "text", fallback: "5m", summary: "when a delta is taken" },
    {
      name: "drill",
      type: "text",
      fallback: "0 5 * * 0",
      summary: "when the newest state is restored and booted",
    },
    {
      name: "election",
      type: "text",
      fallback: "keelson/backup",
      summary: "the election's name; empty: none",
    },
    { name: "full", type: "text", fallback: "0 3 * * *", summary: "when a full is taken" },
    {
      name: "keep-last",
      type: "integer",
      summary: "keep the last so many fulls; without any --keep-* all stay",
    },
    ...retentionFlags,
    {
      name: "listen",
      type: "text",
      summary: "host:port for /metrics, /healthz and /status, e.g. 127.0.0.1:9379",
    },
    { name: "status-file", type: "text", summary: "a file that always holds the last status as JSON" },
    { name: "verify", type: "text", fallback: "0 4 * * 6", summary: "when every chunk is read and checked" },
  ],
  examples: [
    [
      'backup run --repository s3://backups/prod --full "0 3 * * *" --delta 5m --keep-last 7 --keep-daily 14',
      "beside an etcd, for as long as it lives",
    ],
  ],
  async run(session) {
    const { flags, io } = session;
    const etcd = await session.connect();
    const repository = await openedRepository(flags);
    const { backupMetrics, runBackups } = await import("keelson/backup");
    let status: BackupRunStatus | undefined;
    const server = await serve(flags.text("listen"), {
      "/metrics": () => ({ ok: true, text: status === undefined ? "" : backupMetrics(status, Date.now()) }),
      "/status": () => ({ ok: true, text: `${JSON.stringify(status ?? {})}\n` }),
      "/healthz": () => healthOf(status, Date.now()),
    });
    try {
      const events = runBackups(etcd, repository, {
        full: flags.text("full"),
        delta: flags.text("delta"),
        drill: flags.text("drill"),
        verify: flags.text("verify"),
        keep: keepsSome(flags) ? retentionOf(flags) : undefined,
        election: flags.text("election"),
        signal: io.signal,
      });
      for await (const event of events) {
        ({ status } = event);
        session.line(`${new Date().toISOString()} ${lineOf(event)}`);
        await writeStatus(flags.text("status-file"), status);
      }
    } finally {
      server?.closeAllConnections();
      server?.close();
    }
  },
};

function lineOf(event: BackupRunEvent): string {
  switch (event.type) {
    case "waiting":
      return "waiting: another process may be taking the backups";
    case "leading":
      return "leading: this process takes the backups";
    case "done":
      return `${event.task}: ${event.what} (${event.durationMs} ms)`;
    case "failed": {
      const why = event.error instanceof Error ? event.error.message : String(event.error);
      return `${event.task} failed: ${why}; again in ${Math.round(event.retryMs / 1000)} s`;
    }
  }
}

interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

function healthOf(status: BackupRunStatus | undefined, nowMs: number): Answer {
  if (status === undefined || !status.leading) return { ok: true, text: "waiting\n" };
  const problems: string[] = [];
  if (status.newestFullMs === undefined) problems.push("there is no full backup");
  else if (nowMs - status.newestFullMs > healthyAgeHours * 3_600_000) {
    problems.push(`the newest full is over ${healthyAgeHours} h old`);
  }
  for (const [task, { lastError }] of Object.entries(status.tasks)) {
    if (lastError !== undefined) problems.push(`the last ${task} failed: ${lastError}`);
  }
  return { ok: problems.length === 0, text: `${problems.join("\n") || "ok"}\n` };
}

/** @returns undefined without an address */
async function serve(
  address: string,
  pages: Readonly<Record<string, () => Answer>>,
): Promise<Server | undefined> {
  if (address === "") return undefined;
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (port === "") throw badArguments(`--listen is "${address}", expected host:port`);
  const server = createServer((request, response) => {
    const page = request.method === "GET" ? pages[request.url?.split("?")[0] ?? ""] : undefined;
    if (page === undefined) return void response.writeHead(404).end("not found\n");
    const { ok, text } = page();
    response.writeHead(ok ? 200 : 503, { "content-type": "text/plain; charset=utf-8" }).end(text);
  });
  server.listen(Number(port), host.replace(/^\[|\]$/g, "") || "127.0.0.1");
  await once(server, "listening").catch((error: unknown) => {
    throw badArguments(`--listen ${address}: ${messageOf(error)}`);
  });
  return server;
}
