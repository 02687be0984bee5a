/**
 * The page's requests, by path. Each response comes from the library or a view in this folder, as JSON: 64-bit numbers
 * as decimal text, keys as base64url.
 *
 *   GET   /api/about  /api/tree  /api/keys  /api/key  /api/versions  /api/cluster  /api/backups  /api/quotas
 *   POST  /api/delete  /api/put      with --allow-writes
 *
 * The server checks access-rules.ts first; /api/watch is watch-feed.ts.
 */
import type { BackupRepository } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import { badArguments } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";
import { registryPrefix } from "../../store/key-source.ts";
import { quotasOf } from "../quota/list.ts";
import { backupView } from "./backup-view.ts";
import { clusterView } from "./cluster-view.ts";
import { decodeKey, keyPage, pageKeysMax } from "./key-pages.ts";
import { keyStory, keyVersions } from "./key-story.ts";
import type { LiveTree } from "./key-tree.ts";
import { deleteKey, putText } from "./key-writes.ts";
import type { StoreView } from "./store-view.ts";

export interface RouteFacts {
  readonly session: Session;
  readonly etcd: Etcd;
  readonly tree: LiveTree;
  readonly store: StoreView;
  readonly writes: boolean;
  readonly repository: BackupRepository | undefined;
  /** "" for none. */
  readonly statusFile: string;
  /** A connection to one member. */
  readonly memberAt: (endpoint: string) => Promise<Etcd>;
}

export interface ApiCall {
  readonly query: URLSearchParams;
  /** The body of a POST. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

export type Route = (call: ApiCall) => Promise<unknown>;

/** By method and path, e.g. "GET /api/tree". */
export function uiRoutes(facts: RouteFacts): ReadonlyMap<string, Route> {
  const { session, etcd, tree, store, writes } = facts;
  const callOf = (signal: AbortSignal): { readonly signal: AbortSignal; readonly timeoutMs: number } => ({
    signal,
    timeoutMs: session.call.timeoutMs,
  });
  const readers: readonly (readonly [string, Route])[] = [
    ["/api/about", async () => ({ endpoints: etcd.endpoints, registry: registryPrefix(session), writes })],
    ["/api/tree", async () => tree.tree((await store.known()).catalogue, registryPrefix(session))],
    [
      "/api/keys",
      ({ query, signal }) => {
        const after = query.get("after");
        const asked = {
          prefix: decodeKey(query.get("prefix")),
          after: after === null ? undefined : decodeKey(after),
          revision: revisionOf(query.get("revision")),
          limit: limitOf(query.get("limit")),
        };
        return keyPage(etcd, asked, callOf(signal));
      },
    ],
    [
      "/api/key",
      async ({ query, signal }) => {
        const { reader } = await store.known();
        const asked = { ...askedKey(query), revision: revisionOf(query.get("revision")), writes };
        return keyStory(etcd, reader, asked, callOf(signal));
      },
    ],
    [
      "/api/versions",
      async ({ query, signal }) => keyVersions(etcd, (await store.known()).reader, askedKey(query), signal),
    ],
    ["/api/cluster", ({ signal }) => clusterView(etcd, facts.memberAt, callOf(signal))],
    ["/api/backups", () => backupView(facts.repository, facts.statusFile, etcd.clock.nowMs())],
    ["/api/quotas", () => quotasOf(session, etcd, undefined)],
  ];
  const writers: readonly (readonly [string, Route])[] = [
    ["/api/delete", ({ body, signal }) => deleteKey(etcd, seen(body), callOf(signal))],
    [
      "/api/put",
      async ({ body, signal }) => {
        const { reader } = await store.known();
        const { text } = body;
        if (typeof text !== "string") throw badArguments("the request has no text");
        return putText(etcd, reader, { ...seen(body), text }, callOf(signal));
      },
    ],
  ];
  return new Map([
    ...readers.map(([path, route]) => [`GET ${path}`, route] as const),
    ...writers.map(([path, route]) => [`POST ${path}`, route] as const),
  ]);
}

function askedKey(query: URLSearchParams): { readonly key: Uint8Array; readonly revealed: boolean } {
  const key = decodeKey(query.get("key"));
  if (key.length === 0) throw badArguments("the request names no key");
  return { key, revealed: query.get("reveal") === "1" };
}

function seen(body: ApiCall["body"]): { readonly key: Uint8Array; readonly modRevision: bigint } {
  const { key, modRevision } = body;
  if (typeof key !== "string" || typeof modRevision !== "string") {
    throw badArguments("the request names no key and the version that was seen");
  }
  return { key: decodeKey(key), modRevision: revisionOf(modRevision) };
}

/** 0n: now. */
function revisionOf(text: string | null): bigint {
  if (text === null || text === "") return 0n;
  if (!/^\d{1,18}$/.test(text))
    throw badArguments(`revision is ${JSON.stringify(text)}, expected decimal text`);
  return BigInt(text);
}

function limitOf(text: string | null): number {
  const limit = Number(text ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > pageKeysMax) {
    throw badArguments(`limit is ${JSON.stringify(text)}, expected 1 to ${pageKeysMax}`);
  }
  return limit;
}
