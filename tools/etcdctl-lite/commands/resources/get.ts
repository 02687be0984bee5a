/**
 * `resources get`: objects of a keelson store or a Kubernetes cluster, decoded for every program, codec and key, from a
 * running etcd or a snapshot file. It only reads.
 */
import type { AnyResource } from "keelson";
import type { Command } from "../../cli/command.ts";
import { badArguments, badFeature, CliFailure, exitCodes } from "../../cli/failure.ts";
import type { Session } from "../../cli/session.ts";
import { columnsOf } from "../../cluster/columns.ts";
import { printTemplate } from "../../cluster/json-path.ts";
import { fromFlag, type KeySource, keySource, registryPrefix } from "../../store/key-source.ts";
import { type KindCatalogue, type KnownKind, kindCatalogue } from "../../store/kind-catalogue.ts";
import { kindFlag, resourceOf } from "../../store/known-kinds.ts";
import { type ReadKind, readKind, type Selected } from "../../store/read-objects.ts";
import { storeFlags } from "../../store/store-flags.ts";
import { valueReader } from "../../store/value-reader.ts";
import { counted } from "../../text/counted.ts";
import { jsonDocument, yamlDocument } from "../../text/documents.ts";
import { printable } from "../../text/printable.ts";
import { alignColumns } from "../../text/table.ts";

const outputs = ["", "wide", "name", "json", "yaml"];
const jsonPathOutput = /^jsonpath=(.*)$/s;

export const command: Command = {
  usage: "<resource>[,resource…] [name…] [options]",
  about: [
    "Accepts every kubectl name of Kubernetes' kinds (po, deploy, cm, svc, all), custom kinds from the stored",
    "definitions, the recorded kinds of a keelson store, and any other kind with --kind. Without -n it covers all",
    "namespaces. A field selector may name any field. Unreadable objects are reported on stderr, and the exit code is",
    "then 1.",
  ].join("\n"),
  flags: [
    ...storeFlags,
    fromFlag,
    kindFlag,
    { name: "all-namespaces", short: "A", type: "switch", summary: "all namespaces, which is the default" },
    { name: "field-selector", type: "text", summary: "e.g. metadata.name=web-1,spec.nodeName=node-3" },
    { name: "namespace", short: "n", type: "text", summary: "default: all namespaces" },
    {
      name: "output",
      short: "o",
      type: "text",
      summary: "wide, name, json, yaml or jsonpath='{.metadata.uid}' (default: a table)",
    },
    { name: "selector", short: "l", type: "text", summary: "label selector, e.g. app=web,tier!=cache" },
    { name: "show-labels", type: "switch", summary: "labels as the last column of the table" },
  ],
  examples: [
    ["resources get pods -n default -l app=web", "a table"],
    ["resources get deploy web -n shop -o yaml", "one object, whole"],
    ["resources get cm,svc -n shop --from backup.db", "out of a snapshot, without an etcd"],
    ["resources get secrets -n shop -o json --encryption-config enc.yaml", "decrypted"],
    ["resources get widgets.example.com --kind example.com/v1:Widget", "a kind that is not on record"],
  ],
  async run(session) {
    const { flags } = session;
    const { resources, names } = asked(session.args);
    const output = outputOf(session);
    if (!outputs.includes(output) && !jsonPathOutput.test(output)) {
      throw badFeature(
        `unknown output ${JSON.stringify(output)}, expected one of ${outputs.filter(Boolean).join(", ")}, jsonpath=…`,
      );
    }
    if (flags.on("all-namespaces") && flags.text("namespace") !== "") {
      throw badArguments("-n and -A cannot be set at the same time, choose one");
    }
    const source = await keySource(session, flags.text("from"));
    const reader = await valueReader(session, source.of);
    const catalogue = await kindCatalogue(session, source, reader);
    const kinds = resources.flatMap((name) => catalogue.named(name, flags.text("kind")));
    const select: Selected = {
      namespace: flags.text("namespace"),
      names,
      labels: flags.text("selector"),
      fields: flags.text("field-selector"),
    };
    const read: ReadKind[] = [];
    for (const kind of kinds) {
      if (kind.scope === "Cluster" && select.namespace !== "" && kinds.length > 1) continue;
      read.push(await readKind(session, { source, reader, catalogue, kind, select }));
    }
    refuseMissing(read, names);
    await show(session, read, source.revision, names.length === 1 && kinds.length === 1);
    await tellElsewhere(session, { source, catalogue, read });
    const unreadable = read.reduce((sum, one) => sum + one.unreadable, 0);
    reader.finish();
    if (unreadable > 0)
      throw new CliFailure(
        exitCodes.error,
        `${counted(unreadable, "value is no object", "values are no objects")}`,
      );
  },
};

/** kubectl's `-o`; without it etcdctl's `-w`, as far as it applies here. */
function outputOf({ flags }: Session): string {
  const output = flags.text("output");
  const format = flags.text("write-out");
  if (output !== "" || format === "simple" || format === "table") return output;
  if (format === "json") return "json";
  throw badFeature(`${format} not supported as output format`);
}

/** `pods`, `pods web-1 web-2`, `cm,svc`, `pod/web-1`. */
function asked(args: readonly string[]): {
  readonly resources: readonly string[];
  readonly names: readonly string[];
} {
  const [first, ...rest] = args;
  if (first === undefined) throw badArguments("resources get needs a resource such as pods");
  const slash = first.indexOf("/");
  if (slash > 0 && rest.length === 0)
    return { resources: [first.slice(0, slash)], names: [first.slice(slash + 1)] };
  const resources = first.split(",").filter((name) => name !== "");
  if (resources.length > 1 && rest.length > 0) {
    throw badArguments("names go with one resource: cm,svc and a name cannot be distinguished");
  }
  return { resources, names: rest };
}

function refuseMissing(read: readonly ReadKind[], names: readonly string[]): void {
  const [only] = read;
  if (only === undefined || names.length === 0 || only.unreadable > 0) return;
  const missing = names.filter((name) => !only.found.some(({ object }) => object.metadata.name === name));
  if (missing.length === 0) return;
  const quoted = missing.map((name) => JSON.stringify(name)).join(", ");
  throw new CliFailure(exitCodes.error, `${resourceOf(only.kind)} ${quoted} not found`);
}

async function show(
  session: Session,
  read: readonly ReadKind[],
  revision: string,
  one: boolean,
): Promise<void> {
  const { io } = session;
  const output = outputOf(session);
  const all = read.flatMap(({ found }) => found.map(({ object }) => object));
  const whole = (): unknown =>
    one && all.length === 1
      ? all[0]
      : { apiVersion: "v1", kind: "List", metadata: { resourceVersion: revision }, items: all };
  const template = jsonPathOutput.exec(output)?.[1];
  if (template !== undefined) io.stdout.write(printTemplate(template, whole()));
  else if (output === "json") io.stdout.write(jsonDocument(whole()));
  else if (output === "yaml") {
    for (const object of all) io.stdout.write(await yamlDocument(object));
  } else if (output === "name") {
    for (const { kind, found } of read) {
      for (const { object } of found)
        io.stdout.write(`${resourceOf(kind)}/${printable(object.metadata.name)}\n`);
    }
  } else {
    if (all.length === 0) io.stderr.write("No objects found.\n");
    const shown = read.filter(({ found }) => found.length > 0);
    io.stdout.write(shown.map((of) => table(session, of, shown.length > 1)).join("\n"));
  }
}

function table({ flags }: Session, { kind, found }: ReadKind, several: boolean): string {
  const wide = flags.text("output") === "wide";
  const columns = columnsOf(resourceOf(kind), kind.columns).filter((column) => wide || column.wide !== true);
  const withNamespace = kind.scope === "Namespaced" && flags.text("namespace") === "";
  const withLabels = flags.on("show-labels");
  const nowMs = Date.now();
  const prefix = several ? `${resourceOf(kind)}/` : "";
  const rows = found.map(({ object }) => {
    const shown = kind.inOwnVersion(object);
    return [
      ...(withNamespace ? [object.metadata.namespace ?? ""] : []),
      ...columns.map(({ title, cell }) => (title === "NAME" ? prefix : "") + cell(shown, nowMs)),
      ...(withLabels ? [labelsOf(object)] : []),
    ];
  });
  const header = [
    ...(withNamespace ? ["NAMESPACE"] : []),
    ...columns.map(({ title }) => title),
    ...(withLabels ? ["LABELS"] : []),
  ];
  return alignColumns([header, ...rows]);
}

const labelsOf = ({ metadata }: AnyResource): string =>
  Object.entries(metadata.labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "<none>";

/**
 * Keys of the same resource under another path. A keelson store and a Kubernetes cluster keep deployments under
 * different prefixes, so an empty result for one of them would be misleading.
 * @throws CliFailure when nothing was found and there are such keys
 */
async function tellElsewhere(
  session: Session,
  facts: {
    readonly source: KeySource;
    readonly catalogue: KindCatalogue;
    readonly read: readonly ReadKind[];
  },
): Promise<void> {
  const { source, catalogue, read } = facts;
  for (const { kind, keys } of read) {
    if (keys > 0) continue;
    for (const path of otherPaths(catalogue, kind)) {
      const prefix = `${registryPrefix(session)}${path}/`;
      for await (const _ of source.scan(prefix)) {
        throw new CliFailure(
          exitCodes.error,
          `there are no ${resourceOf(kind)} below ${registryPrefix(session)}${kind.keyPath}/, but there are keys below ${prefix}`,
          {
            hint:
              kind.origin === "flag"
                ? "Leave --kind away: the kind is known."
                : "Say which is meant with --kind.",
          },
        );
      }
    }
  }
}

function otherPaths(catalogue: KindCatalogue, kind: KnownKind): readonly string[] {
  const usual = kind.group === "" ? kind.plural : `${kind.group}/${kind.plural}`;
  const known = catalogue.kinds.filter((one) => one.kind === kind.kind && one.group === kind.group);
  return [...new Set([usual, ...known.map(({ keyPath }) => keyPath)])].filter(
    (path) => path !== kind.keyPath,
  );
}
