/**
 * `resources list`: the kinds in an etcd or a snapshot, with the number and size of their objects, from keys and sizes,
 * without decoding a value.
 */
import type { Command } from "../../cli/command.ts";
import { badArguments } from "../../cli/failure.ts";
import { fromFlag, keySource, registryPrefix } from "../../store/key-source.ts";
import { kindCatalogue } from "../../store/kind-catalogue.ts";
import { resourceOf } from "../../store/known-kinds.ts";
import { storeFlags } from "../../store/store-flags.ts";
import { valueReader } from "../../store/value-reader.ts";
import { goJson } from "../../text/go-json.ts";
import { formatBytes } from "../../text/quote.ts";
import { alignColumns } from "../../text/table.ts";

interface Counted {
  readonly resource: string;
  readonly origin: string;
  readonly path: string;
  objects: number;
  bytes: number;
  largestBytes: number;
  largest: string;
  newestRevision: bigint;
  newest: string;
}

export const command: Command = {
  usage: "[options]",
  about: [
    "Lists Kubernetes' own kinds, custom kinds, and the recorded kinds of a keelson store. The newest change is that of",
    "the most recently written object. Keys that belong to no known kind get one line per folder.",
  ].join("\n"),
  flags: [
    ...storeFlags,
    fromFlag,
    { name: "namespace", short: "n", type: "text", summary: "of one namespace (default: all)" },
  ],
  examples: [
    ["resources list", "contents of this cluster"],
    ["resources list --from backup.db -n shop", "and in one namespace of a backup"],
  ],
  async run(session) {
    const { flags } = session;
    if (session.args.length > 0) throw badArguments("resources list takes no arguments");
    const source = await keySource(session, flags.text("from"));
    const reader = await valueReader(session, source.of);
    const catalogue = await kindCatalogue(session, source, reader);
    const prefix = registryPrefix(session);
    const namespace = flags.text("namespace");
    const counts = new Map<string, Counted>();
    for await (const { key, value, modRevision } of source.scan(prefix)) {
      const text = Buffer.from(key).toString();
      const place = catalogue.placeOf(text);
      if (namespace !== "" && place?.namespace !== namespace) continue;
      const folder = text.slice(prefix.length).split("/").slice(0, -1).join("/");
      const resource = place === undefined ? "" : resourceOf(place.kind);
      const path = place?.kind.keyPath ?? folder;
      const id = `${resource}\0${path}`;
      const counted = counts.get(id) ?? {
        resource,
        origin: place?.kind.origin ?? "",
        path,
        objects: 0,
        bytes: 0,
        largestBytes: -1,
        largest: "",
        newestRevision: 0n,
        newest: "",
      };
      counts.set(id, counted);
      const name = text.slice(prefix.length + path.length + 1);
      counted.objects++;
      counted.bytes += value.length;
      if (value.length > counted.largestBytes) {
        counted.largestBytes = value.length;
        counted.largest = name;
      }
      if (BigInt(modRevision) > counted.newestRevision) {
        counted.newestRevision = BigInt(modRevision);
        counted.newest = name;
      }
    }
    const rows = [...counts.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    if (flags.text("write-out") === "json") {
      session.line(
        goJson(
          rows.map((row) => ({
            resource: row.resource,
            known_from: row.origin,
            path: `${prefix}${row.path}/`,
            objects: row.objects,
            bytes: row.bytes,
            largest: row.largest,
            largest_bytes: row.largestBytes,
            newest: row.newest,
            newest_revision: row.newestRevision,
          })),
        ),
      );
      return;
    }
    if (rows.length === 0) {
      session.io.stderr.write(
        `There are no keys below ${prefix}${namespace === "" ? "" : ` in ${namespace}`}.\n`,
      );
      return;
    }
    const header = ["RESOURCE", "KNOWN FROM", "OBJECTS", "BYTES", "LARGEST", "NEWEST CHANGE"];
    const lines = rows.map((row) => [
      row.resource === "" ? `(${prefix}${row.path}/)` : row.resource,
      row.origin === "" ? "-" : row.origin,
      String(row.objects),
      formatBytes(BigInt(row.bytes)),
      `${row.largest} (${formatBytes(BigInt(row.largestBytes))})`,
      `${row.newest} at revision ${row.newestRevision}`,
    ]);
    session.io.stdout.write(alignColumns([header, ...lines]));
  },
};
