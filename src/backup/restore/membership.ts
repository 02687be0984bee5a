/**
 * The members of a restored cluster: names, peer URLs and the ids that etcd derives from them.
 *
 *   member id  = first 8 bytes of SHA-1(peer URLs, sorted and joined ‖ cluster token)
 *   cluster id = first 8 bytes of SHA-1(all member ids, ascending, 8 bytes each)
 *
 * The same URLs and token always give the same ids, so an old member still running would talk to the restored
 * ones; a new token for every restore keeps them apart.
 */
import { createHash } from "node:crypto";
import { invalidArgument } from "../../errors.ts";
import { formatJson64 } from "../files/json64.ts";

export interface InitialMember {
  readonly name: string;
  readonly id: bigint;
  /** Sorted. */
  readonly peerUrls: readonly string[];
}

export interface Membership {
  /** By id, ascending. */
  readonly members: readonly InitialMember[];
  readonly clusterId: bigint;
  readonly token: string;
}

/**
 * The members that `initialCluster` (`name=url,name=url,…`, a name once for each of its URLs) makes with `token`.
 * @throws INVALID_ARGUMENT
 */
export function membershipOf(initialCluster: string, token: string): Membership {
  const urls = new Map<string, string[]>();
  for (const entry of initialCluster.split(",")) {
    const at = entry.indexOf("=");
    const name = entry.slice(0, at).trim();
    const url = entry.slice(at + 1).trim();
    if (at < 1 || name === "" || !isPeerUrl(url)) {
      throw invalidArgument(
        "initialCluster",
        `Cannot restore snapshot: initialCluster has "${entry}", expected name=http(s)://host:port`,
      );
    }
    urls.set(name, [...(urls.get(name) ?? []), url]);
  }
  const members = [...urls].map(([name, list]) => {
    const peerUrls = [...list].sort();
    return { name, peerUrls, id: memberId(peerUrls, token) };
  });
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  const all = [...urls.values()].flat();
  if (new Set(all).size !== all.length) {
    throw invalidArgument(
      "initialCluster",
      `Cannot restore snapshot: initialCluster "${initialCluster}" has a peer URL twice`,
    );
  }
  const ids = Buffer.alloc(members.length * 8);
  for (const [i, { id }] of members.entries()) ids.writeBigUInt64BE(id, i * 8);
  return { members, clusterId: createHash("sha1").update(ids).digest().readBigUInt64BE(), token };
}

/** A member's JSON as etcd stores it, with the same order of fields. */
export function memberJson({ id, peerUrls, name }: InitialMember): Uint8Array {
  return Buffer.from(formatJson64({ id, peerURLs: peerUrls, ...(name === "" ? {} : { name }) }));
}

function memberId(sortedUrls: readonly string[], token: string): bigint {
  return createHash("sha1").update(sortedUrls.join("")).update(token).digest().readBigUInt64BE();
}

function isPeerUrl(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") && /:\d+$/.test(text);
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
