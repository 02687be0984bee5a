/**
 * Stored values as the objects they are, whatever program, codec and key wrote them: from a running etcd or a snapshot file,
 * with the keys given and the dictionaries found there. What cannot be opened is reported on stderr when it is found.
 */
import { isStoreError, StoreError } from "keelson";
import type { DictionaryStore, ReadValue, Transform } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { CliFailure, exitCodes } from "../cli/failure.ts";
import type { Session } from "../cli/session.ts";
import { encryptionConfig } from "./encryption-config.ts";
import { encryptionKeys } from "./encryption-keys.ts";

export interface ValueReader {
  /** Undefined: it is a store's or Kubernetes', and cannot be read; that has been reported. */
  read(key: string, value: Uint8Array): Promise<ReadValue | undefined>;
  /** The same, without reporting or counting. @throws StoreError CORRUPT_OBJECT */
  peek(key: string, value: Uint8Array): Promise<ReadValue>;
  /** At the end. @throws CliFailure when a value could not be read, with what to do about it */
  finish(): void;
}

/** @param from a running etcd, or the path of a snapshot */
export async function valueReader(session: Session, from: Etcd | string): Promise<ValueReader> {
  const { readStoredValue, isWrapping, transformFor } = await import("keelson/codec");
  const { decodeKubernetes, isKubernetesProtobuf, kubernetesCodec, kubernetesKinds } = await import(
    "keelson/kubernetes"
  );
  const codec = kubernetesCodec();
  const sealing = await (await encryptionKeys(session))?.transform("migrate");
  const wrapping = (await encryptionConfig(session))?.transforms;
  const dictionaries = dictionariesOf(() => dictionaryEntries(session, from));
  const registry = `/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/`;
  const builtin = kubernetesKinds();
  /** The configuration goes by resource, and where a resource lies is its kind's business. */
  const wrappingOf = (key: string): Transform | undefined => {
    if (wrapping === undefined || !key.startsWith(registry)) return undefined;
    const path = key.slice(registry.length);
    const kind = builtin.find(({ keyPath }) => path.startsWith(`${keyPath}/`));
    const [group = "", plural = ""] = path.split("/");
    const named =
      kind === undefined
        ? { group, resource: `${plural}.${group}` }
        : { group: kind.group, resource: kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}` };
    const transform = transformFor(wrapping, named);
    return transform !== undefined && isWrapping(transform) ? transform : undefined;
  };
  const peek = async (key: string, value: Uint8Array): Promise<ReadValue> => {
    const isWrapped = Buffer.from(value.subarray(0, wrappedStart.length)).equals(wrappedStart);
    const transform = isWrapped ? wrappingOf(key) : sealing;
    const read = await readStoredValue(key, value, { codec, transform, dictionaries }).catch(
      (error: unknown): ReadValue => {
        // What kube-apiserver keeps for itself (ranges, masterleases) has no name, and is an object all the same.
        if (!isStoreError(error, "CORRUPT_OBJECT") || !isKubernetesProtobuf(value)) throw error;
        return { object: decodeKubernetes(value), format: "foreign", unread: [], sealedUnder: undefined };
      },
    );
    // Encrypted is not "no object": it is one that needs a key.
    if (isWrapped && "foreign" in read) {
      throw new StoreError("CORRUPT_OBJECT", `Cannot read "${key}": ${read.foreign}`, {
        key,
        reason: read.foreign,
      });
    }
    return read;
  };
  let values = 0;
  let unreadable = 0;
  const hints = new Set<string>();
  return {
    peek,
    async read(key, value) {
      values++;
      try {
        return await peek(key, value);
      } catch (error) {
        if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
        session.io.stderr.write(`${error.message}\n`);
        const hint = keyHint(error.message);
        if (hint !== undefined) hints.add(hint);
        unreadable++;
        return undefined;
      }
    },
    finish() {
      if (unreadable === 0) return;
      throw new CliFailure(exitCodes.error, `${unreadable} of ${values} values could not be read`, {
        hint: hints.size === 0 ? undefined : [...hints].join("\n"),
      });
    },
  };
}

const wrappedStart = Buffer.from("k8s:enc:");

/** What to give for a value that is encrypted; undefined for other faults. */
export function keyHint(message: string): string | undefined {
  if (/is encrypted by Kubernetes|among the configured providers/.test(message)) {
    return "Give kube-apiserver's encryption configuration with --encryption-config.";
  }
  return /is encrypted under key/.test(message) ? "Give the keys with --keys-file." : undefined;
}

/** Dictionaries are named by what is in them: one of the name has these contents, whoever wrote it. Read when the first is asked for. */
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
  const { storedKeys } = await import("keelson/backup");
  const prefix = `/keelson/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/dictionaries/`;
  const found: (readonly [string, Uint8Array])[] = [];
  for await (const { key, value } of storedKeys(from, {
    prefix,
    skipHashCheck: true,
    signal: session.io.signal,
  })) {
    found.push([Buffer.from(key).toString(), value]);
  }
  return found;
}
