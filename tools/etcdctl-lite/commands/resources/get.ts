/** `resources get`: objects of a keelson store, decoded, whatever codec wrote them. Reads and nothing else. */
import { type AnyResource, isStoreError, type StoreError } from "keelson";
import type { Command } from "../../cli/command.ts";
import { badArguments, badFeature, CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";
import { kindFlag, recordNamed, resourceOf, selectableKind } from "../../store/known-kinds.ts";
import { openForReading, recordsOf, storeFlags } from "../../store/store-flags.ts";
import { jsonDocument, yamlDocument } from "../../text/documents.ts";
import { alignColumns } from "../../text/table.ts";

const outputs = ["wide", "name", "json", "yaml"];

export const command: Command = {
  usage: "<resource> [name] [options]",
  about:
    "Knows the kinds the store has on record, Kubernetes' usual ones, and any other with --kind. A field selector may\n" +
    "name any field. Objects that cannot be read are told on stderr, and the exit code then is 1.",
  flags: [
    ...storeFlags,
    kindFlag,
    { name: "field-selector", type: "text", summary: "e.g. metadata.name=web-1,spec.nodeName=node-3" },
    { name: "namespace", short: "n", type: "text", summary: "default: all namespaces" },
    { name: "output", short: "o", type: "text", fallback: "wide", summary: "wide, name, json or yaml" },
    { name: "selector", short: "l", type: "text", summary: "label selector, e.g. app=web,tier!=cache" },
  ],
  examples: [
    ["resources get pods -n default -l app=web", "a table"],
    ["resources get deployments.apps web -n shop -o yaml", "one object, whole"],
    ["resources get secrets -n shop -o json --keys-file keys.json", "decrypted"],
    ["resources get widgets.example.com --kind example.com/v1:Widget", "a kind nobody has put on record"],
  ],
  async run(session) {
    const { flags, io } = session;
    const [resource, name] = session.args;
    if (resource === undefined || session.args.length > 2) {
      throw badArguments("resources get needs a resource such as pods, and at most one name");
    }
    const output = flags.text("output");
    if (!outputs.includes(output)) {
      throw badFeature(`unknown output ${JSON.stringify(output)}, expected one of ${outputs.join(", ")}`);
    }
    const etcd = await session.connect();
    const record = recordNamed(resource, flags.text("kind"), await recordsOf(session, etcd));
    const fields = flags.text("field-selector");
    const kind = await selectableKind(record, fieldsIn(fields));
    const unreadable: StoreError[] = [];
    await using store = await openForReading(session, etcd, [kind]);
    const { items, resourceVersion } = await store.resources(kind).list({
      namespace: flags.text("namespace") || undefined,
      labelSelector: flags.text("selector") || undefined,
      fieldSelector: [name === undefined ? "" : `metadata.name=${name}`, fields].filter(Boolean).join(","),
      onCorrupt: (error) => void unreadable.push(error),
      signal: io.signal,
    });
    for (const error of unreadable) io.stderr.write(`${error.message}\n`);
    if (name !== undefined && items.length === 0 && unreadable.length === 0) {
      throw new CliFailure(exitCodes.error, `${resourceOf(record)} ${JSON.stringify(name)} not found`);
    }
    await show(session, { resource: resourceOf(record), items, resourceVersion, one: name !== undefined });
    if (unreadable.length > 0) throw cannotRead(unreadable);
  },
};

interface Shown {
  readonly resource: string;
  readonly items: readonly AnyResource[];
  readonly resourceVersion: string;
  /** Asked for by its name. */
  readonly one: boolean;
}

async function show({ flags, io }: Session, { resource, items, resourceVersion, one }: Shown): Promise<void> {
  const [first] = items;
  switch (flags.text("output")) {
    case "json": {
      const list = { apiVersion: "v1", kind: "List", metadata: { resourceVersion }, items };
      io.stdout.write(jsonDocument(one && items.length === 1 ? first : list));
      return;
    }
    case "yaml":
      for (const item of items) io.stdout.write(await yamlDocument(item));
      return;
    case "name":
      for (const { metadata } of items) io.stdout.write(`${resource}/${metadata.name}\n`);
      return;
    default:
      if (first === undefined) io.stderr.write("No objects found.\n");
      else io.stdout.write(alignColumns([header, ...items.map(rowOf)]));
  }
}

const header = ["NAMESPACE", "NAME", "CREATED", "VERSION", "LABELS"];

const rowOf = ({ metadata }: AnyResource): readonly string[] => [
  metadata.namespace ?? "",
  metadata.name,
  metadata.creationTimestamp,
  metadata.resourceVersion,
  Object.entries(metadata.labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(","),
];

/** The fields a selector names, but for the two that every kind has. */
function fieldsIn(selector: string): readonly string[] {
  const named = selector.split(",").map((term) => term.replace(/\s*(!=|==|=).*$/s, "").trim());
  return [...new Set(named)].filter(
    (field) => field !== "" && field !== "metadata.name" && field !== "metadata.namespace",
  );
}

function cannotRead(errors: readonly StoreError[]): CliFailure {
  const sealed = errors.some((error) => isStoreError(error) && /is encrypted under key/.test(error.message));
  const count = errors.length === 1 ? "1 object" : `${errors.length} objects`;
  return new CliFailure(
    exitCodes.error,
    `${count} could not be read`,
    sealed ? { hint: "Give the keys with --keys-file." } : {},
  );
}
