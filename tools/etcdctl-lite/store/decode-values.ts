/**
 * `get --decode`: decodes values to objects. Other values are printed byte for byte, with a remark on stderr; a value
 * that cannot be opened is reported there and fails the command.
 */
import type { AnyResource } from "keelson";
import type { ReadValue } from "keelson/codec";
import type { Etcd, KeyValue } from "keelson/etcd";
import { badFeature } from "../cli/failure.ts";
import type { Session } from "../cli/session.ts";
import { jsonPair } from "../printers/json.ts";
import { printableJson, yamlDocument } from "../text/documents.ts";
import { goJson } from "../text/go-json.ts";
import { quoteBytes } from "../text/quote.ts";
import { valueReader } from "./value-reader.ts";

/** @throws CliFailure for a format that decoded objects do not have */
export function decodedFormat({ flags }: Session): "simple" | "json" {
  const format = flags.text("write-out");
  if (format === "simple" || format === "json") return format;
  throw badFeature(`--decode prints YAML, or with -w json JSON: ${format} is neither`);
}

/** @throws CliFailure when a value is unreadable, after the others are printed */
export async function printDecoded(
  session: Session,
  from: Etcd | string,
  kvs: readonly KeyValue[],
): Promise<void> {
  const { flags, io } = session;
  const format = decodedFormat(session);
  const reader = await valueReader(session, from);
  const bare = flags.on("print-value-only");
  for (const kv of kvs) {
    const read = await reader.read(Buffer.from(kv.key).toString(), kv.value);
    if (read === undefined) continue;
    if ("foreign" in read) {
      io.stderr.write(`${quoteBytes(kv.key)} is not keelson's: ${read.foreign}; printed as it is\n`);
      io.stdout.write(format === "json" ? `${goJson(jsonPair(kv))}\n` : rawText(kv, bare));
      continue;
    }
    tellUnread(session, kv.key, read.unread);
    const object = withVersion(read.object, kv.modRevision);
    const text =
      format === "json"
        ? `${printableJson(JSON.stringify(object))}\n`
        : await yamlDocument(object, bare ? undefined : remarkOf(kv, read));
    io.stdout.write(text);
  }
  reader.finish();
}

function rawText({ key, value }: KeyValue, bare: boolean): Buffer {
  const newline = Buffer.from("\n");
  return Buffer.concat(bare ? [value, newline] : [key, newline, value, newline]);
}

function remarkOf(
  { key, modRevision, version }: KeyValue,
  read: Exclude<ReadValue, { foreign: string }>,
): string {
  return `${quoteBytes(key).slice(1, -1)}  revision ${modRevision}, version ${version}, ${formOf(read)}`;
}

/** A description of its stored form. */
export function formOf({ format: coded, sealedUnder }: Exclude<ReadValue, { foreign: string }>): string {
  const format = coded === "foreign" ? "Kubernetes' protobuf" : coded;
  return sealedUnder === undefined ? format : `${format}, sealed under ${JSON.stringify(sealedUnder)}`;
}

/** A newer Kubernetes has fields that are unknown here: the output is incomplete. */
export function tellUnread(session: Session, key: Uint8Array, unread: readonly string[]): void {
  if (unread.length === 0) return;
  session.io.stderr.write(
    `${quoteBytes(key)} has fields of a newer Kubernetes that are not shown: ${unread.join(", ")}\n`,
  );
}

/** The version is that of the key; it is not stored in the value. */
export function withVersion(object: AnyResource, revision: bigint): AnyResource {
  const { name, namespace, uid, resourceVersion: _, ...rest } = object.metadata;
  const place = namespace === undefined ? { name } : { name, namespace };
  return { ...object, metadata: { ...place, uid, resourceVersion: revision.toString(), ...rest } };
}
