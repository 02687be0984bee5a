/**
 * Which etcd version a stream's endpoint runs, for faults of old versions that a watch must work around. Asked again for
 * each endpoint after a while, since members are upgraded one by one under a running client.
 */
import { isStoreError } from "../../errors.ts";
import type { Client, Rpc } from "../client/client.ts";
import type { Header } from "../ports/messages.ts";
import { reticentVersion } from "../versions/version-facts.ts";
import { header, message, text } from "../wire/message.ts";

/** A member's restart breaks its streams; a stream that opens after this time asks again. */
const staleMs = 10_000;

interface VersionReply {
  readonly header: Header;
  readonly version: string;
}
const versionReply = message<VersionReply>({ header: header(1), version: text(2) });
const statusRpc: Rpc<VersionReply> = {
  path: "/etcdserverpb.Maintenance/Status",
  effect: "read",
  judged: false,
  lane: "unary",
  action: "ask for etcd's version",
  decode: (reply) => versionReply.decode(reply),
};

export class MemberVersions {
  readonly #client: Client;
  readonly #asked = new Map<string, { readonly atMs: number; readonly version: Promise<string> }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** E.g. "3.5.16". @throws as a read does */
  of(endpoint: string, signal: AbortSignal): Promise<string> {
    const now = this.#client.clock.monotonicMs();
    const known = this.#asked.get(endpoint);
    if (known !== undefined && now - known.atMs < staleMs) return known.version;
    const version = this.#client.unary(statusRpc, new Uint8Array(0), { endpoint, signal }).then(
      (reply) => reply.version,
      (error: unknown) => {
        if (isStoreError(error, "PERMISSION_DENIED")) return reticentVersion;
        throw error;
      },
    );
    this.#asked.set(endpoint, { atMs: now, version });
    version.catch(() => this.#asked.delete(endpoint));
    return version;
  }
}
