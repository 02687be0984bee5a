/**
 * `ui`: a page that shows the contents of etcd, served on loopback until Ctrl-C. It only reads, unless --allow-writes
 * is given.
 */
import { once } from "node:events";
import type { Etcd } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { readNamedFile } from "../../cli/named-file.ts";
import type { Session } from "../../cli/session.ts";
import { repositoryFlags, repositoryOf } from "../../store/repository-flags.ts";
import { storeFlags } from "../../store/store-flags.ts";
import { isLoopback, parseListen, tokenBytesMin } from "./access-rules.ts";
import { decodeKey } from "./key-pages.ts";
import { LiveTree } from "./key-tree.ts";
import { StoreView } from "./store-view.ts";
import { uiRoutes } from "./ui-routes.ts";
import { UiServer } from "./ui-server.ts";
import { watchFeed } from "./watch-feed.ts";

export const command: Command = {
  usage: "[options]",
  about: [
    "Serves one page: kinds and keys with counts and bytes, decoded objects with their history and changes, a live watch,",
    "members, alarms, backups, quotas. Secrets and encrypted values are shown only on a click. It listens on loopback,",
    "and on any other address only with a token. It loads nothing from other sites.",
  ].join("\n"),
  flags: [
    ...storeFlags,
    ...repositoryFlags,
    { name: "allow-writes", type: "switch", summary: "keys can be deleted, and plain text changed" },
    { name: "host-names", type: "list", summary: "host names of the page besides localhost" },
    { name: "listen", type: "text", fallback: "127.0.0.1:8379", summary: "host:port of the page" },
    { name: "status-file", type: "text", summary: "the status file of backup run" },
    {
      name: "token-file",
      type: "text",
      summary: `a file with the token that the page asks for, at least ${tokenBytesMin} characters`,
    },
  ],
  examples: [
    ["ui", "http://127.0.0.1:8379/, for this machine alone"],
    ["ui --repository /backups/etcd --keys-file keys.json", "with backups, and sealed values on a click"],
    [
      "ui --listen 0.0.0.0:8379 --token-file token --host-names etcd.example",
      "for other machines, with the token",
    ],
  ],
  async run(session) {
    const { flags, io } = session;
    if (session.args.length > 0) throw badArguments("ui takes no arguments");
    const token = await readToken(flags.text("token-file"));
    const listen = parseListen(flags.text("listen"), token !== undefined);
    const repository = flags.text("repository") === "" ? undefined : await repositoryOf(flags);
    const writes = flags.on("allow-writes");
    const etcd = await connection(session, undefined, writes);
    const tree = new LiveTree();
    const stop = new AbortController();
    const signal = AbortSignal.any([io.signal, stop.signal]);
    const counting = tree.run(etcd, signal);
    try {
      await using server = await UiServer.start({
        listen,
        names: flags.list("host-names").filter((name) => name !== ""),
        token,
        writes,
        routes: uiRoutes({
          session,
          etcd,
          tree,
          store: new StoreView(session, etcd),
          writes,
          repository,
          statusFile: flags.text("status-file"),
          memberAt: memberConnections(session),
        }),
        watch: (query, to) => watchFeed(etcd, decodeKey(query.get("prefix") ?? ""), to),
        signal,
      });
      const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
      session.line(`http://${host}:${server.port}/`);
      io.stderr.write(`${writes ? "Keys can be changed" : "Read-only"}. Ctrl-C ends it.\n`);
      if (!isLoopback(listen.host)) {
        session.warn("token and values travel without TLS: put a proxy or a tunnel before it");
      }
      if (!io.signal.aborted) await once(io.signal, "abort");
    } finally {
      stop.abort(new Error("the page is closed"));
      await counting;
    }
  },
};

async function connection(
  session: Session,
  endpoints: readonly string[] | undefined,
  writes: boolean,
): Promise<Etcd> {
  const etcd = await session.connect(endpoints);
  if (writes) return etcd;
  const { readOnlyEtcd } = await import("keelson/etcd");
  return readOnlyEtcd(etcd);
}

/** One connection per member, kept while it works. */
function memberConnections(session: Session): (endpoint: string) => Promise<Etcd> {
  const open = new Map<string, Promise<Etcd>>();
  return (endpoint) => {
    const known = open.get(endpoint) ?? connection(session, [endpoint], false);
    open.set(endpoint, known);
    known.catch(() => open.delete(endpoint));
    return known;
  };
}

/** @throws CliFailure for a guessable token */
async function readToken(path: string): Promise<string | undefined> {
  if (path === "") return undefined;
  const token = (await readNamedFile(path)).toString().trim();
  if (token.length < tokenBytesMin) {
    throw badArguments(
      `--token-file ${path}: the token has ${token.length} characters, expected at least ${tokenBytesMin}; openssl rand -hex 16 makes one`,
    );
  }
  return token;
}
