/**
 * `resources delete`: deletes one unreadable object by its key, without decoding it. Readable objects must be deleted
 * through their API server, which knows their dependents.
 */
import type { KindRecord, Store } from "keelson";
import type { Transform } from "keelson/codec";
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";
import { encryptionConfig } from "../../store/encryption-config.ts";
import { encryptionKeys } from "../../store/encryption-keys.ts";
import { kindFlag, kindFor, recordOf, resourceOf } from "../../store/known-kinds.ts";
import { recordsOf, storeFlags } from "../../store/store-flags.ts";

const unsafeFlag = "ignore-store-read-error-with-cluster-breaking-potential";

export const command: Command = {
  usage: `<resource> <name> --${unsafeFlag} [options]`,
  about: [
    "Deletes an object that cannot be read because it is damaged or encrypted under a lost key. Its finalizers are",
    "ignored, and the objects it owned stay. An object that can be read is refused. Supply the available keys with",
    "--keys-file.",
  ].join("\n"),
  flags: [
    ...storeFlags,
    kindFlag,
    { name: "dry-run", type: "switch", summary: "show what would be deleted, and delete nothing" },
    {
      name: unsafeFlag,
      type: "switch",
      summary: "required: confirms the deletion of an unreadable object",
    },
    { name: "namespace", short: "n", type: "text", fallback: "default", summary: "of the object" },
  ],
  examples: [[`resources delete secrets broken -n shop --${unsafeFlag}`, "one damaged object"]],
  async run(session) {
    const { flags, io } = session;
    const [resource, name] = session.args;
    if (resource === undefined || name === undefined || session.args.length > 2) {
      throw badArguments("resources delete needs a resource such as pods, and a name");
    }
    if (!flags.on(unsafeFlag)) {
      throw badArguments(`resources delete deletes only what cannot be read, and needs --${unsafeFlag}`);
    }
    const etcd = await session.connect();
    const records = await recordsOf(session, etcd);
    const record = kindNamed(resource, flags.text("kind"), records.kinds);
    const kind = await kindFor(record);
    await using store: Store = await openKeyless(session, etcd, kind);
    const dryRun = flags.on("dry-run");
    const at = record.scope === "Cluster" ? { name } : { namespace: flags.text("namespace"), name };
    await store.resources(kind).delete(at, {
      ignoreStoreReadErrorWithClusterBreakingPotential: true,
      dryRun,
      signal: io.signal,
    });
    session.line(`${resourceOf(record)} ${JSON.stringify(name)} ${dryRun ? "would be deleted" : "deleted"}`);
  },
};

/** A recorded kind, by its plural and group or only its plural; any other kind needs `--kind`. */
function kindNamed(resource: string, given: string, kinds: readonly KindRecord[]): KindRecord {
  if (given !== "") return recordOf(resource, given.split(":"));
  const exact = kinds.find((kind) => resourceOf(kind) === resource);
  const meant = exact === undefined ? kinds.filter(({ plural }) => plural === resource) : [exact];
  const [only] = meant;
  if (only !== undefined && meant.length === 1) return only;
  const what = meant.length > 1 ? `one of ${meant.map(resourceOf).join(", ")}` : "not on record, give --kind";
  throw badArguments(`resource ${JSON.stringify(resource)} is ${what}`);
}

/** The store of one kind, with only the given keys: values that they do not open count as unreadable. */
async function openKeyless(
  session: Session,
  etcd: Awaited<ReturnType<Session["connect"]>>,
  kind: Awaited<ReturnType<typeof kindFor>>,
): Promise<Store> {
  const { createStore } = await import("keelson");
  const { transformFor } = await import("keelson/codec");
  const { kubernetesCodec } = await import("keelson/kubernetes");
  const resource = resourceOf(kind);
  const wrapping = (await encryptionConfig(session))?.transforms ?? {};
  const given =
    (await (await encryptionKeys(session))?.transform("migrate")) ??
    transformFor(wrapping, { group: kind.group, resource });
  return createStore({
    etcd,
    kinds: [kind],
    prefix: session.flags.text("registry"),
    compaction: false,
    // Also reads Kubernetes' own values, which are not unreadable.
    codec: kubernetesCodec(),
    transforms: { [resource]: given ?? (await noKeys()) },
    signal: session.io.signal,
  });
}

/** Opens nothing, and seals nothing. */
async function noKeys(): Promise<Transform> {
  const { StoreError } = await import("keelson");
  const refuse = (keyId: string): never => {
    const reason = `it is encrypted under key ${JSON.stringify(keyId)}, which is not given`;
    throw new StoreError("CORRUPT_OBJECT", `Cannot read object: ${reason}`, { reason });
  };
  return {
    name: "no keys",
    mode: "unseal",
    sealingKey: () => refuse(""),
    openingKey: refuse,
    isCurrent: () => false,
    stats: () => ({}),
  };
}
