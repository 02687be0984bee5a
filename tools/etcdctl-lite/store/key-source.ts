/** Where a command reads stored keys from: a running etcd, or a snapshot file that needs none. */
import type { StoredKey } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import type { FlagSpec } from "../cli/flags.ts";
import type { Session } from "../cli/session.ts";

export const fromFlag: FlagSpec = {
  name: "from",
  type: "text",
  summary: "a snapshot file to look into, instead of --endpoints",
};

export interface KeySource {
  /** The argument of library functions: the etcd, or the file's path. */
  readonly of: Etcd | string;
  /** Revision of all reads, decimal. */
  readonly revision: string;
  /** Keys that begin with `prefix`, at `revision`: from etcd in key order, from a file in the order written. */
  scan(prefix: string): AsyncIterable<StoredKey>;
}

/** @param file "" for the etcd that flags name */
export async function keySource(session: Session, file: string): Promise<KeySource> {
  const { storedKeys, inspectSnapshot } = await import("keelson/backup");
  const { signal } = session.io;
  if (file !== "") {
    const { revision } = await inspectSnapshot(file);
    // The hash is read once, not for every prefix.
    let skipHashCheck = false;
    return {
      of: file,
      revision,
      scan(prefix) {
        const keys = storedKeys(file, { prefix, skipHashCheck, signal });
        skipHashCheck = true;
        return keys;
      },
    };
  }
  const etcd = await session.connect();
  return sourceOf(session, etcd);
}

/** The same over an existing connection. */
export async function sourceOf(session: Session, etcd: Etcd): Promise<KeySource> {
  const { storedKeys } = await import("keelson/backup");
  const { header } = await etcd.kv.range({ key: "\0", limit: 1, keysOnly: true }, session.call);
  const revision = header.revision.toString();
  const { signal } = session.io;
  return { of: etcd, revision, scan: (prefix) => storedKeys(etcd, { prefix, revision, signal }) };
}

/** "/registry/" of `--registry`. */
export function registryPrefix(session: Session): string {
  return `/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/`;
}
