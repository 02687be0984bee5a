/**
 * Decodes stored values of every program, codec and key, from a running etcd or a snapshot file, with the given keys
 * and the dictionaries found there. A value that cannot be opened is reported on stderr when it is found.
 */
import { isStoreError, StoreError } from "keelson";
import type { DictionaryStore, ReadValue, Transform } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { CliFailure, exitCodes } from "../cli/failure.ts";
import type { Session } from "../cli/session.ts";
import { encryptionConfig } from "./encryption-config.ts";
import { encryptionKeys } from "./encryption-keys.ts";

export interface ValueReader {
  /** Undefined: a store or Kubernetes wrote it, but it is unreadable; that was reported. */
  read(key: string, value: Uint8Array): Promise<ReadValue | undefined>;
  /** The same, without reporting or counting. @throws StoreError CORRUPT_OBJECT */
  peek(key: string, value: Uint8Array): Promise<ReadValue>;
  /** Call it at the end. @throws CliFailure when a value was unreadable, with advice */
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
  /** The configuration is by resource, and the kind defines the keys of its resource. */
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
        // Internal objects of kube-apiserver (ranges, masterleases) have no name, but are objects.
        if (!isStoreError(error, "CORRUPT_OBJECT") || !isKubernetesProtobuf(value)) throw error;
        return { object: decodeKubernetes(value), format: "foreign", unread: [], sealedUnder: undefined };
      },
    );
    // An encrypted value is an object that needs a key.
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

/** The flag to give for an encrypted value; undefined for other faults. */
export function keyHint(message: string): string | undefined {
  if (/is encrypted by Kubernetes|among the configured providers/.test(message)) {
    return "Give kube-apiserver's encryption configuration with --encryption-config.";
  }
  return /is encrypted under key/.test(message) ? "Give the keys with --keys-file." : undefined;
}

/**
 * A dictionary is named by its contents, so every dictionary with that name is the same. They are read on first use.
 */
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
