/** One key: its value now or at a version, every version that is not compacted, and the changes between two of them. */
import { changesBetween, type FieldChange, history, type KeyVersion } from "keelson/backup";
import type { Etcd } from "keelson/etcd";
import { CliFailure, exitCodes } from "../../cli/failure.ts";
import type { ValueReader } from "../../store/value-reader.ts";
import { printable } from "../../text/printable.ts";
import { encodeKey } from "./key-pages.ts";
import { type ReadVersion, readVersion, type ShownValue, shownValue, textOf } from "./shown-value.ts";

/** Number of newest versions that are compared with the previous one; older ones are only listed. */
const comparedVersionsMax = 100;
/** Longest value of a field in a diff, characters. */
const shownFieldMax = 2_000;

export interface KeyStory {
  /** base64url. */
  readonly key: string;
  readonly text: string;
  readonly revision: string;
  readonly createRevision: string;
  readonly version: string;
  readonly lease: string | undefined;
  readonly sizeBytes: number;
  readonly kind: string | undefined;
  readonly form: string;
  readonly secret: string | undefined;
  readonly revealed: boolean;
  readonly fault: string | undefined;
  readonly unread: readonly string[];
  readonly value: ShownValue;
  /** Text that may be edited: not an object, and the page may write. */
  readonly editable: boolean;
}

interface Asked {
  readonly key: Uint8Array;
  readonly revealed: boolean;
}

/** @param asked.revision 0n: now @throws CliFailure when the key does not exist at that revision */
export async function keyStory(
  etcd: Etcd,
  reader: ValueReader,
  asked: Asked & { readonly revision: bigint; readonly writes: boolean },
  call: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<KeyStory> {
  const { key, revision, revealed, writes } = asked;
  const text = Buffer.from(key).toString();
  const { kvs } = await etcd.kv.range({ key, revision }, call);
  const [kv] = kvs;
  if (kv === undefined) {
    const when = revision === 0n ? "now" : `at revision ${revision}`;
    throw new CliFailure(exitCodes.error, `There is no key ${printable(text)} ${when}`);
  }
  const read = await readVersion(reader, { key: text, value: kv.value, revision: kv.modRevision });
  return {
    key: encodeKey(key),
    text: printable(text),
    revision: kv.modRevision.toString(),
    createRevision: kv.createRevision.toString(),
    version: kv.version.toString(),
    lease: kv.lease === 0n ? undefined : kv.lease.toString(16),
    sizeBytes: kv.value.length,
    kind: read.object?.kind,
    form: read.form,
    secret: read.secret,
    revealed,
    fault: read.fault,
    unread: read.unread,
    value: await shownValue(read, kv.value, revealed),
    editable: writes && revision === 0n && isEditable(read, kv.value),
  };
}

/** Only the program that wrote an object may write it, because its counts and encryption depend on it. */
export function isEditable(read: ReadVersion, value: Uint8Array): boolean {
  return read.object === undefined && read.fault === undefined && textOf(value) !== undefined;
}

export interface VersionRow {
  readonly revision: string;
  readonly type: KeyVersion["type"];
  readonly version: string;
  readonly sizeBytes: number | undefined;
  /** Changes since the previous version; undefined: not compared. */
  readonly changes: readonly ShownChange[] | undefined;
  /** Why there are no changes to show. */
  readonly remark: string | undefined;
}

interface ShownChange {
  readonly path: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Newest first. */
export async function keyVersions(
  etcd: Etcd,
  reader: ValueReader,
  { key, revealed }: Asked,
  signal: AbortSignal,
): Promise<readonly VersionRow[]> {
  const text = Buffer.from(key).toString();
  const versions = await history(etcd, text, { signal });
  const rows: VersionRow[] = [];
  const comparedFrom = Math.max(0, versions.length - comparedVersionsMax);
  let before: ReadVersion | undefined;
  let beforeValue: Uint8Array | undefined;
  for (const [at, { revision, type, version, value }] of versions.entries()) {
    const isCompared = at >= comparedFrom - 1;
    const read =
      value === undefined || !isCompared
        ? undefined
        : await readVersion(reader, { key: text, value, revision: BigInt(revision) });
    const compared = { before, beforeValue, read, value, revealed };
    rows.push({
      revision,
      type,
      version,
      sizeBytes: value?.length,
      ...(at < comparedFrom ? { changes: undefined, remark: undefined } : comparison(compared)),
    });
    before = read;
    beforeValue = value;
  }
  return rows.reverse();
}

function comparison(facts: {
  readonly before: ReadVersion | undefined;
  readonly beforeValue: Uint8Array | undefined;
  readonly read: ReadVersion | undefined;
  readonly value: Uint8Array | undefined;
  readonly revealed: boolean;
}): Pick<VersionRow, "changes" | "remark"> {
  const { before, beforeValue, read, value, revealed } = facts;
  const only = (remark: string): Pick<VersionRow, "changes" | "remark"> => ({ changes: undefined, remark });
  if (read === undefined || value === undefined) return only("deleted");
  if (before === undefined || beforeValue === undefined) return only("the first version on record");
  if (read.fault !== undefined || before.fault !== undefined) return only("it cannot be read");
  const conceal = !revealed && (read.secret !== undefined || before.secret !== undefined);
  if (read.object !== undefined && before.object !== undefined) {
    const changes = changesBetween(before.object, read.object).filter(
      ({ path }) => path !== "metadata.resourceVersion",
    );
    return { changes: changes.map((change) => shownChange(change, conceal)), remark: undefined };
  }
  const [from, to] = [textOf(beforeValue), textOf(value)];
  if (conceal || from === undefined || to === undefined)
    return only(`${beforeValue.length} bytes became ${value.length}`);
  return { changes: [shownChange({ path: "value", from, to }, false)], remark: undefined };
}

function shownChange({ path, from, to }: FieldChange, conceal: boolean): ShownChange {
  const shown = (value: unknown): string | undefined => {
    if (value === undefined) return undefined;
    if (conceal) return "••••••";
    const text = printable(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), "lines");
    return text.length > shownFieldMax ? `${text.slice(0, shownFieldMax)}…` : text;
  };
  return { path: printable(path), from: shown(from), to: shown(to) };
}
