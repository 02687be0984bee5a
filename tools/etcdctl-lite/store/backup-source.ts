/**
 * The backup that `restore objects` reads from: a snapshot file, or a repository at a revision or time. The backup also
 * has the recorded bookkeeping of its store: a store that has lost everything gets its kinds and encryption from there.
 */
import type { KindRecord, StoreRecords } from "keelson";
import type { RestoreSource } from "keelson/backup";
import { badArguments } from "../cli/failure.ts";
import type { FlagSpec } from "../cli/flags.ts";
import { progressBar } from "../cli/progress-bar.ts";
import type { Session } from "../cli/session.ts";
import { encryptionConfig } from "./encryption-config.ts";
import { encryptionKeys } from "./encryption-keys.ts";
import type { KeySource } from "./key-source.ts";
import { resourceOf } from "./known-kinds.ts";
import { pointFlags, pointInTimeOf } from "./point-in-time.ts";
import { repositoryFlags, repositoryOf } from "./repository-flags.ts";

export const backupSourceFlags: readonly FlagSpec[] = [
  ...repositoryFlags,
  { name: "snapshot", type: "text", summary: "a snapshot file to restore from, instead of --repository" },
  ...pointFlags,
];

export interface BackupSource extends AsyncDisposable {
  /** The file to read, at `revision`, decimal. */
  readonly file: string;
  readonly revision: string;
  readonly from: RestoreSource;
  readonly records: StoreRecords;
  /** Whether the backup has an object of a kind among the selected keys. */
  has(record: KindRecord, choice: KeyChoice): Promise<boolean>;
}

/** The part of a selection that an object's key decides; undefined: any. */
export interface KeyChoice {
  readonly namespaces?: readonly string[] | undefined;
  readonly names?: readonly string[] | undefined;
  readonly keyPrefix?: string | undefined;
}

/** @throws CliFailure for conflicting flags; CORRUPT_SNAPSHOT for a damaged backup */
export async function openBackupSource(session: Session): Promise<BackupSource> {
  const { flags, io } = session;
  const file = flags.text("snapshot");
  if ((file === "") === (flags.text("repository") === "")) {
    throw badArguments("restore objects needs --snapshot or --repository, one of them");
  }
  const point = pointInTimeOf(flags);
  const { toRevision, toTime } = point;
  if (file !== "" && toTime !== undefined)
    throw badArguments("--to-time needs --repository: a snapshot has no times");
  const transform = await (await encryptionKeys(session))?.transform("migrate");
  const wrapping = (await encryptionConfig(session))?.transforms;
  const transforms = transform === undefined ? wrapping : { "*": transform, ...wrapping };
  const { inspectSnapshot, restoreToScratch } = await import("keelson/backup");
  if (file !== "") {
    const { revision: end } = await inspectSnapshot(file);
    const records = await recordsIn(session, { snapshot: file, end });
    const from = { snapshot: file, revision: toRevision, transforms };
    return {
      from,
      file,
      revision: toRevision ?? end,
      records,
      has: (record, choice) => hasChosen(session, { snapshot: file, end }, record, choice),
      [Symbol.asyncDispose]: async () => {},
    };
  }
  using bar = progressBar(io.stderr);
  const scratch = await restoreToScratch(await repositoryOf(flags), {
    ...point,
    onProgress: bar.show,
    signal: io.signal,
  });
  bar.clear();
  const remove = (): PromiseLike<void> => scratch[Symbol.asyncDispose]();
  try {
    const { snapshot } = scratch;
    const records = await recordsIn(session, { snapshot, end: scratch.revision });
    return {
      from: { snapshot, transforms, skipHashCheck: true },
      file: snapshot,
      revision: scratch.revision,
      records,
      has: (record, choice) => hasChosen(session, { snapshot, end: scratch.revision }, record, choice),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The backup as keys, to bypass a store. */
export async function sourceOfBackup(session: Session, { file, revision }: BackupSource): Promise<KeySource> {
  const { storedKeys } = await import("keelson/backup");
  const { signal } = session.io;
  return {
    of: file,
    revision,
    scan: (prefix) => storedKeys(file, { prefix, revision, skipHashCheck: true, signal }),
  };
}

/** Kinds and encryption keys of both; where they differ, those of the running store. */
export function mergedRecords(live: StoreRecords, backup: StoreRecords): StoreRecords {
  const known = new Set(live.kinds.map(resourceOf));
  const sealing = new Map(live.sealing);
  for (const [resource, ids] of backup.sealing) {
    sealing.set(resource, [...new Set([...(sealing.get(resource) ?? []), ...ids])]);
  }
  return { kinds: [...live.kinds, ...backup.kinds.filter((kind) => !known.has(resourceOf(kind)))], sealing };
}

interface Snapshot {
  readonly snapshot: string;
  /** Its last revision. */
  readonly end: string;
}

async function recordsIn(session: Session, file: Snapshot): Promise<StoreRecords> {
  const { unfamiliarKind } = await import("keelson");
  const root = `/keelson/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/`;
  const kinds: KindRecord[] = [];
  for (const { value } of await entriesOf(session, file, `${root}kinds/`)) {
    try {
      const record: KindRecord = JSON.parse(Buffer.from(value).toString());
      unfamiliarKind(record);
      kinds.push(record);
    } catch {
      // An unreadable record names no kind; --resources can.
    }
  }
  const sealing = new Map<string, string[]>();
  for (const { path } of await entriesOf(session, file, `${root}sealing/`)) {
    const [resource = "", id = ""] = path.split("/");
    sealing.set(resource, [...(sealing.get(resource) ?? []), decodeURIComponent(id)]);
  }
  return { kinds, sealing };
}

async function hasChosen(
  session: Session,
  file: Snapshot,
  { keyPath, scope }: KindRecord,
  { namespaces, names, keyPrefix = "" }: KeyChoice,
): Promise<boolean> {
  if (scope === "Cluster" && namespaces !== undefined) return false;
  const prefix = `/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/${keyPath}/`;
  return (await entriesOf(session, file, prefix)).some(({ path }) => {
    const parts = path.split("/");
    const [namespace, name = namespace] = parts;
    return (
      (namespaces === undefined || namespaces.includes(namespace ?? "")) &&
      (names === undefined || names.includes(name ?? "")) &&
      `${prefix}${path}`.startsWith(keyPrefix)
    );
  });
}

/** All keys below a prefix at the snapshot's end. */
async function entriesOf(
  session: Session,
  { snapshot, end }: Snapshot,
  prefix: string,
): Promise<readonly { readonly path: string; readonly value: Uint8Array }[]> {
  const { diff } = await import("keelson/backup");
  const range = { prefix, from: "1", to: end };
  const changes = await diff(snapshot, range, { skipHashCheck: true, signal: session.io.signal });
  return changes.flatMap(({ key, after }) =>
    after === undefined ? [] : [{ path: key.slice(prefix.length), value: after }],
  );
}
