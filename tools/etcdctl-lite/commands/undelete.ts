/**
 * `undelete`: restores the last state of a deleted key. An object of a store is restored through the store, which
 * validates it, charges quotas and assigns a new uid; any other key, including a Kubernetes cluster's objects, is
 * restored byte for byte, unless it exists again. With --prefix it restores all deleted keys of a snapshot
 * (undelete-many.ts).
 */
import type { DeletedVersion } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import type { Command } from "../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../cli/failure.ts";
import type { Session } from "../cli/session.ts";
import { kindFor, resourceOf } from "../store/known-kinds.ts";
import { type ObjectPlace, objectPlace } from "../store/object-place.ts";
import { openForReading, openForWriting, recordsOf, storeFlags } from "../store/store-flags.ts";
import { goJson } from "../text/go-json.ts";
import { quoteBytes } from "../text/quote.ts";

export const command: Command = {
  usage: "<key> [options]",
  about: [
    "Finds the last version before the deletion in etcd's own history, which reaches back to the last compaction, or with",
    "--from in a snapshot file. With --prefix and --from it restores every missing key of the snapshot with that prefix.",
    "With --to-manifests objects of a Kubernetes cluster become YAML for kubectl apply instead. It never overwrites: a",
    "key that exists again is left alone.",
  ].join("\n"),
  flags: [
    { name: "dry-run", type: "switch", summary: "show what would be restored, and write nothing" },
    { name: "from", type: "text", summary: "a snapshot file to look into, instead of etcd's history" },
    {
      name: "kubernetes-version",
      type: "text",
      summary: "release that --to-manifests is for, e.g. 1.20 (default: the newest known)",
    },
    { name: "prefix", type: "switch", summary: "all keys that begin so; needs --from" },
    { name: "raw", type: "switch", summary: "put back the bytes as they were, also of a store's object" },
    {
      name: "to-manifests",
      type: "text",
      summary: "a new directory of YAML for kubectl apply, instead of writing into etcd",
    },
    ...storeFlags,
  ],
  examples: [
    ["undelete /registry/configmaps/shop/settings --dry-run", "whether it can come back, and from when"],
    ["undelete /registry/configmaps/shop/settings", "the object again, through the store"],
    ["undelete app/config --from backup.db", "deleted before etcd was last compacted"],
    ["undelete /registry/secrets/shop/ --prefix --from backup.db", "all of a namespace's, byte for byte"],
    ["undelete /registry/deployments/shop/web --to-manifests web/", "then kubectl apply -f web/"],
  ],
  async run(session) {
    const { args, flags } = session;
    const [key] = args;
    if (key === undefined || args.length !== 1) throw badArguments("undelete needs one argument: the key");
    if (flags.on("prefix")) {
      const { undeletePrefix } = await import("../cluster/undelete-many.ts");
      return undeletePrefix(session, key);
    }
    const etcd = await session.connect();
    const found = await lookFor(session, etcd, key);
    if (flags.text("to-manifests") !== "") {
      const { undeleteToManifests } = await import("../cluster/undelete-many.ts");
      return undeleteToManifests(session, etcd, key, found.version.value);
    }
    const records = await recordsOf(session, etcd);
    const place = flags.on("raw") ? undefined : objectPlace(flags.text("registry"), records.kinds, key);
    const isObject = place !== undefined && (await isReadable(key, found));
    const dryRun = flags.on("dry-run");
    const revision = isObject
      ? await throughStore(session, etcd, { place, found, records })
      : dryRun
        ? undefined
        : await putBack(session, etcd, key, found);
    report(session, { key, found, revision, as: isObject ? resourceOf(place.record) : "bytes" });
  },
};

async function lookFor(session: Session, etcd: Etcd, key: string): Promise<DeletedVersion> {
  const { isStoreError } = await import("keelson");
  const { deletedVersion } = await import("keelson/backup");
  const file = session.flags.text("from");
  const { kvs } = await etcd.kv.range({ key }, session.call);
  if (kvs[0] !== undefined) {
    throw new CliFailure(
      exitCodes.error,
      `${quoteBytes(key)} is there, since revision ${kvs[0].modRevision}: nothing to bring back`,
    );
  }
  try {
    return await deletedVersion(file === "" ? etcd : file, key, { signal: session.io.signal });
  } catch (error) {
    if (!isStoreError(error, "EXPIRED", "NOT_FOUND")) throw error;
    const hint =
      file !== ""
        ? "Is it spelled as it was? A backup from another time may have it."
        : error.code === "EXPIRED"
          ? "Give a snapshot from before the deletion with --from."
          : 'Is it spelled as it was? "etcdctl-lite get --prefix --keys-only" shows what is there.';
    throw new CliFailure(exitCodes.error, error.message, { cause: error, hint });
  }
}

/** Whether the store's own codec wrote it: sealed values count, and their key is checked later. */
async function isReadable(key: string, { version }: DeletedVersion): Promise<boolean> {
  const { isStoreError } = await import("keelson");
  const { readStoredValue } = await import("keelson/codec");
  try {
    return !("foreign" in (await readStoredValue(key, version.value)));
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) return true;
    throw error;
  }
}

interface StoredObject {
  readonly place: ObjectPlace;
  readonly found: DeletedVersion;
  readonly records: Awaited<ReturnType<typeof recordsOf>>;
}

/** @returns the new version; undefined for a dry run */
async function throughStore(
  session: Session,
  etcd: Etcd,
  { place, found, records }: StoredObject,
): Promise<string | undefined> {
  const { flags, io } = session;
  const { restoreObjects, undelete } = await import("keelson/backup");
  const kind = await kindFor(place.record);
  const dryRun = flags.on("dry-run");
  await using store = dryRun
    ? await openForReading(session, etcd, [kind])
    : await openForWriting(session, etcd, { kinds: [kind], records });
  const { namespace, name } = place.key;
  const file = flags.text("from");
  if (file === "") {
    // Read just before the deletion: the put itself may be compacted.
    const resourceVersion = (BigInt(found.deletedAt ?? "1") - 1n).toString();
    if (dryRun) {
      const read = { consistency: "exact", resourceVersion } as const;
      await store.resources(kind).get(place.key, { read, signal: io.signal });
      return undefined;
    }
    const made = await undelete(store, kind, place.key, { resourceVersion, signal: io.signal });
    return made.metadata.resourceVersion;
  }
  const report = await restoreObjects({ snapshot: file, revision: found.version.revision }, store, {
    kinds: [kind],
    names: [name],
    ...(namespace === undefined ? {} : { namespaces: [namespace] }),
    conflict: "fail",
    dryRun,
    signal: io.signal,
  });
  const [failed] = report.failed;
  if (failed !== undefined) throw failed.error;
  if (dryRun) return undefined;
  return (await store.resources(kind).get(place.key, { signal: io.signal })).metadata.resourceVersion;
}

/** Only if the key was not put in between. */
async function putBack(
  session: Session,
  etcd: Etcd,
  key: string,
  { version }: DeletedVersion,
): Promise<string> {
  const { header, succeeded } = await etcd.kv.txn(
    {
      compare: [{ key, target: "create", result: "=", operand: 0n }],
      success: [{ type: "put", put: { key, value: version.value } }],
      failure: [],
    },
    session.call,
  );
  if (succeeded) return header.revision.toString();
  throw new CliFailure(
    exitCodes.error,
    `${quoteBytes(key)} has been put by somebody else since: it is left as it is`,
  );
}

function report(
  session: Session,
  done: {
    readonly key: string;
    readonly found: DeletedVersion;
    readonly revision: string | undefined;
    /** The resource, or "bytes". */
    readonly as: string;
  },
): void {
  const { key, found, revision, as } = done;
  const { version, deletedAt } = found;
  if (session.flags.text("write-out") === "json") {
    session.line(
      goJson({
        key,
        as,
        from_revision: BigInt(version.revision),
        deleted_at: deletedAt === undefined ? undefined : BigInt(deletedAt),
        size: version.value.length,
        revision: revision === undefined ? undefined : BigInt(revision),
      }),
    );
    return;
  }
  const what = as === "bytes" ? `${version.value.length} bytes` : as;
  const deleted = deletedAt === undefined ? "" : `, deleted at revision ${deletedAt}`;
  const from = `${what}, as of revision ${version.revision} (version ${version.version}${deleted})`;
  session.line(
    revision === undefined
      ? `${quoteBytes(key)} would come back: ${from}`
      : `${quoteBytes(key)} is back: ${from}; now at revision ${revision}`,
  );
  if (version.lease !== "0") {
    session.io.stderr.write("It was on a lease, and comes back without one: it does not expire.\n");
  }
}
