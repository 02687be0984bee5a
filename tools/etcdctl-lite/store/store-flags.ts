/**
 * The keelson store that a command reads or writes. A command that reads cannot write; one that writes uses the kinds,
 * the format and the encryption recorded by the store.
 */
import type { Kind, Store, StoreRecords } from "keelson";
import type { Codec, Transform } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { CliFailure, exitCodes } from "../cli/failure.ts";
import type { FlagSpec } from "../cli/flags.ts";
import type { Session } from "../cli/session.ts";
import { encryptionConfig, encryptionConfigFlag } from "./encryption-config.ts";
import { encryptionKeys, keysFlag } from "./encryption-keys.ts";
import { resourceOf } from "./known-kinds.ts";

export const registryFlag: FlagSpec = {
  name: "registry",
  type: "text",
  fallback: "/registry",
  summary: "the store's prefix in etcd",
};
export const storeFlags: readonly FlagSpec[] = [encryptionConfigFlag, keysFlag, registryFlag];

/** Flags of commands that show values. */
export const decodeFlags: readonly FlagSpec[] = [
  {
    name: "decode",
    type: "switch",
    summary: "print objects as YAML, or with -w json as a JSON object a line",
  },
  ...storeFlags,
];

/** The store's recorded bookkeeping: its kinds and its encryption. */
export async function recordsOf(session: Session, etcd: Etcd): Promise<StoreRecords> {
  const { readStoreRecords } = await import("keelson");
  const { timeoutMs, signal } = session.call;
  return readStoreRecords(etcd, { prefix: session.flags.text("registry"), timeoutMs, signal });
}

/** For reads: it never changes etcd. Close it before the session ends. */
export async function openForReading(session: Session, etcd: Etcd, kinds: readonly Kind[]): Promise<Store> {
  const { createStore } = await import("keelson");
  const { readOnlyEtcd } = await import("keelson/etcd");
  // "migrate" reads both sealed and plaintext values.
  const transform = await (await encryptionKeys(session))?.transform("migrate");
  const wrapping = (await encryptionConfig(session))?.transforms;
  const { kubernetesCodec } = await import("keelson/kubernetes");
  return createStore({
    etcd: readOnlyEtcd(etcd),
    kinds,
    prefix: session.flags.text("registry"),
    compaction: false,
    // Reads Kubernetes' own values besides keelson's; nothing is written.
    codec: kubernetesCodec(),
    transforms: transform === undefined ? (wrapping ?? {}) : { "*": transform, ...wrapping },
    signal: session.io.signal,
  });
}

/**
 * For writes as the store's own program makes them. Close it before the session ends.
 * @throws CliFailure when a kind is encrypted and its key is not given: it never falls back to plaintext
 */
export async function openForWriting(
  session: Session,
  etcd: Etcd,
  options: {
    readonly kinds: readonly Kind[];
    readonly records: StoreRecords;
    /** Transforms of kinds that are not in `kinds`, by resource. */
    readonly transforms?: Readonly<Record<string, Transform>>;
  },
): Promise<Store> {
  const { createStore, namespaceKind } = await import("keelson");
  const kinds = [namespaceKind, ...options.kinds.filter((kind) => kind !== namespaceKind)];
  const store = await createStore({
    etcd,
    kinds,
    prefix: session.flags.text("registry"),
    codec: await writtenForm(session, etcd),
    compaction: false,
    transforms: { ...options.transforms, ...(await sealingOf(session, kinds, options.records)) },
    signal: session.io.signal,
  });
  try {
    await proveKeys(session, store, options.records);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function sealingOf(
  session: Session,
  kinds: readonly Kind[],
  { sealing }: StoreRecords,
): Promise<Readonly<Record<string, Transform>>> {
  const keys = await encryptionKeys(session);
  const wrapping = (await encryptionConfig(session))?.transforms ?? {};
  const { transformFor } = await import("keelson/codec");
  const transforms: Record<string, Transform> = {};
  for (const kind of kinds) {
    const resource = resourceOf(kind);
    const ids = sealing.get(resource) ?? [];
    if (ids.length === 0) continue;
    if (ids.some((id) => id.startsWith("k8s:enc:"))) {
      const transform = transformFor(wrapping, { group: kind.group, resource });
      if (transform === undefined) {
        throw new CliFailure(
          exitCodes.error,
          `${resource} of this store are encrypted as Kubernetes does it`,
          {
            hint: "Give kube-apiserver's encryption configuration with --encryption-config.",
          },
        );
      }
      transforms[resource] = transform;
      continue;
    }
    const first = keys?.ids.find((id) => ids.includes(id));
    if (keys === undefined || first === undefined) {
      throw new CliFailure(
        exitCodes.error,
        `${resource} of this store are encrypted under ${ids.map((id) => JSON.stringify(id)).join(", ")}, and that key is not given`,
        { hint: "Give it with --keys-file." },
      );
    }
    transforms[resource] = await keys.transform("migrate", first);
  }
  return transforms;
}

/** A key of the right id may be the wrong key: one value of each kind is opened before the first write. */
async function proveKeys(session: Session, store: Store, { sealing }: StoreRecords): Promise<void> {
  for (const kind of store.kinds) {
    if (!sealing.has(resourceOf(kind))) continue;
    const { metadataView } = await import("keelson");
    await store.resources(kind).as(metadataView).list({ limit: 1, signal: session.io.signal });
  }
}

/**
 * The codec of the store's own program: plain JSON or Kubernetes' protobuf if the first object has that format, else
 * the default.
 */
async function writtenForm(session: Session, etcd: Etcd): Promise<Codec> {
  const { jsonCodec, msgpackCodec } = await import("keelson/codec");
  const { prefixEnd } = await import("keelson/etcd");
  const prefix = Buffer.from(`/${session.flags.text("registry").replace(/^\/+|\/+$/g, "")}/`);
  const range = { key: prefix, rangeEnd: prefixEnd(prefix), limit: 1 };
  const { kvs } = await etcd.kv.range(range, session.call);
  const { isKubernetesProtobuf, kubernetesCodec } = await import("keelson/kubernetes");
  const first = kvs[0]?.value;
  if (first !== undefined && isKubernetesProtobuf(first)) return kubernetesCodec();
  return first?.[0] === "{".charCodeAt(0) ? jsonCodec({ raw: true }) : msgpackCodec();
}
