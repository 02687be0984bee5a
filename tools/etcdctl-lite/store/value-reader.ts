/**
 * Stored values as the objects they are, whatever kind, codec and key wrote them: from a running etcd or a snapshot file,
 * with the keys given and the dictionaries found there. What cannot be opened is told on stderr as it is met.
 */
import { isStoreError } from "keelson";
import type { DictionaryStore, ReadValue } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { CliFailure, exitCodes } from "../cli/failure.ts";
import type { Session } from "../cli/session.ts";
import { encryptionKeys } from "./encryption-keys.ts";

export interface ValueReader {
  /** Undefined: it is keelson's, and cannot be read; that has been told. */
  read(key: string, value: Uint8Array): Promise<ReadValue | undefined>;
  /** At the end. @throws CliFailure when a value could not be read, with what to do about it */
  finish(): void;
}

/** @param from a running etcd, or the path of a snapshot */
export async function valueReader(session: Session, from: Etcd | string): Promise<ValueReader> {
  const { readStoredValue } = await import("keelson/codec");
  const transform = await (await encryptionKeys(session))?.transform("migrate");
  const dictionaries = dictionariesOf(() => dictionaryEntries(session, from));
  let values = 0;
  let unreadable = 0;
  let sealed = false;
  return {
    async read(key, value) {
      values++;
      try {
        return await readStoredValue(key, value, { transform, dictionaries });
      } catch (error) {
        if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
        session.io.stderr.write(`${error.message}\n`);
        sealed ||= /is encrypted under key/.test(error.message);
        unreadable++;
        return undefined;
      }
    },
    finish() {
      if (unreadable === 0) return;
      throw new CliFailure(
        exitCodes.error,
        `${unreadable} of ${values} values could not be read`,
        sealed ? { hint: "Give the keys with --keys-file." } : {},
      );
    },
  };
}

/** Dictionaries are named by what is in them: one of the name is the one, whoever's it is. Read when the first is asked for. */
function dictionariesOf(
  entries: () => Promise<readonly (readonly [key: string, value: Uint8Array])[]>,
): DictionaryStore {
  const refuse = (): never => {
    throw new Error("dictionaries are only read here");
  };
  const nameOf = (key: string): string => key.split("/").at(-1) ?? "";
  let all: Promise<ReadonlyMap<string, Uint8Array>> | undefined;
  return {
    async fetch(_resource, name) {
      all ??= entries().then((found) => new Map(found.map(([key, value]) => [nameOf(key), value])));
      return (await all).get(name);
    },
    newest: refuse,
    publish: refuse,
  };
}

async function dictionaryEntries(
  session: Session,
  from: Etcd | string,
): Promise<readonly (readonly [key: string, value: Uint8Array])[]> {
  const root = `/keelson/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/dictionaries/`;
  if (typeof from !== "string") {
    const { prefixEnd } = await import("keelson/etcd");
    const range = { key: root, rangeEnd: prefixEnd(Buffer.from(root)) };
    const { kvs } = await from.kv.range(range, session.call);
    return kvs.map(({ key, value }) => [Buffer.from(key).toString(), value]);
  }
  const { diff, inspectSnapshot } = await import("keelson/backup");
  const range = { prefix: root, from: "1", to: (await inspectSnapshot(from)).revision };
  const changes = await diff(from, range, { signal: session.io.signal });
  return changes.flatMap(({ key, after }) => (after === undefined ? [] : [[key, after] as const]));
}
