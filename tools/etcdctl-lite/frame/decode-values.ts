/**
 * `get --decode`: values as the objects they are, whatever kind, codec and key wrote them. What is not keelson's is
 * printed byte for byte, with a remark on stderr; what cannot be opened is told there and fails the command.
 */
import { type AnyResource, isStoreError } from "keelson";
import type { DictionaryStore, ReadValue } from "keelson/codec";
import type { Etcd, KeyValue } from "keelson/etcd";
import { jsonPair } from "../printers/json.ts";
import { yamlDocument } from "../text/documents.ts";
import { goJson } from "../text/go-json.ts";
import { quoteBytes } from "../text/quote.ts";
import { encryptionKeys } from "./encryption-keys.ts";
import { badFeature, CliFailure, exitCodes } from "./failure.ts";
import type { Session } from "./session.ts";

/** @throws CliFailure when a value of keelson's could not be read; the others are printed by then */
export async function printDecoded(session: Session, etcd: Etcd, kvs: readonly KeyValue[]): Promise<void> {
  const { flags, io } = session;
  const format = flags.text("write-out");
  if (format !== "simple" && format !== "json") {
    throw badFeature(`--decode prints YAML, or with -w json JSON: ${format} is neither`);
  }
  const { readStoredValue } = await import("keelson/codec");
  const transform = await (await encryptionKeys(session))?.transform("migrate");
  const dictionaries = dictionariesOf(session, etcd);
  const bare = flags.on("print-value-only");
  let unreadable = 0;
  let sealed = false;
  for (const kv of kvs) {
    const key = Buffer.from(kv.key).toString();
    let read: ReadValue;
    try {
      read = await readStoredValue(key, kv.value, { transform, dictionaries });
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
      io.stderr.write(`${error.message}\n`);
      sealed ||= /is encrypted under key/.test(error.message);
      unreadable++;
      continue;
    }
    if ("foreign" in read) {
      io.stderr.write(`${quoteBytes(kv.key)} is not keelson's: ${read.foreign}; printed as it is\n`);
      io.stdout.write(format === "json" ? `${goJson(jsonPair(kv))}\n` : rawText(kv, bare));
      continue;
    }
    const object = withVersion(read.object, kv.modRevision);
    const text =
      format === "json"
        ? `${JSON.stringify(object)}\n`
        : await yamlDocument(object, bare ? undefined : remarkOf(kv, read));
    io.stdout.write(text);
  }
  if (unreadable === 0) return;
  throw new CliFailure(
    exitCodes.error,
    `${unreadable} of ${kvs.length} values could not be read`,
    sealed ? { hint: "Give the keys with --keys-file." } : {},
  );
}

function rawText({ key, value }: KeyValue, bare: boolean): Buffer {
  const newline = Buffer.from("\n");
  return Buffer.concat(bare ? [value, newline] : [key, newline, value, newline]);
}

function remarkOf(
  { key, modRevision, version }: KeyValue,
  read: Exclude<ReadValue, { foreign: string }>,
): string {
  const seal = read.sealedUnder === undefined ? "" : `, sealed under ${JSON.stringify(read.sealedUnder)}`;
  return `${quoteBytes(key).slice(1, -1)}  revision ${modRevision}, version ${version}, ${read.format}${seal}`;
}

/** The version is the key's own, and is not among what is stored. */
function withVersion(object: AnyResource, revision: bigint): AnyResource {
  const { name, namespace, uid, resourceVersion: _, ...rest } = object.metadata;
  const place = namespace === undefined ? { name } : { name, namespace };
  return { ...object, metadata: { ...place, uid, resourceVersion: revision.toString(), ...rest } };
}

/** Dictionaries are named by what is in them: one of the name is the one, whoever's it is. Read when the first is asked for. */
function dictionariesOf(session: Session, etcd: Etcd): DictionaryStore {
  const refuse = (): never => {
    throw new Error("dictionaries are only read here");
  };
  const root = Buffer.from(
    `/keelson/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/dictionaries/`,
  );
  let all: Promise<ReadonlyMap<string, Uint8Array>> | undefined;
  const read = async (): Promise<ReadonlyMap<string, Uint8Array>> => {
    const { prefixEnd } = await import("keelson/etcd");
    const { kvs } = await etcd.kv.range({ key: root, rangeEnd: prefixEnd(root) }, session.call);
    return new Map(kvs.map(({ key, value }) => [Buffer.from(key).toString().split("/").at(-1) ?? "", value]));
  };
  return {
    async fetch(_resource, name) {
      all ??= read();
      return (await all).get(name);
    },
    newest: refuse,
    publish: refuse,
  };
}
