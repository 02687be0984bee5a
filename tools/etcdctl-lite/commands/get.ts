/** `get`: one key, a range, or all with a prefix, now or at an earlier revision. */
import type { RangeRequest, SortTarget } from "keelson/etcd";
import type { Command } from "../cli/command.ts";
import { badArguments, badFeature } from "../cli/failure.ts";
import type { FlagSpec, Flags } from "../cli/flags.ts";
import { rangeOf } from "../cli/key-range.ts";
import { fromFlag } from "../store/key-source.ts";
import { decodeFlags } from "../store/store-flags.ts";

const sortTargets: Readonly<Record<string, SortTarget>> = {
  "": "key",
  CREATE: "create",
  KEY: "key",
  MODIFY: "mod",
  VALUE: "value",
  VERSION: "version",
};
const sortOrders: Readonly<Record<string, "none" | "ascend" | "descend">> = {
  "": "none",
  ASCEND: "ascend",
  DESCEND: "descend",
};

export const getFlags: readonly FlagSpec[] = [
  { name: "consistency", type: "text", fallback: "l", summary: "Linearizable(l) or Serializable(s)" },
  { name: "count-only", type: "switch", summary: "get only the count; with -w fields" },
  { name: "from-key", type: "switch", summary: "get keys that are greater than or equal to the given key" },
  { name: "keys-only", type: "switch", summary: "get only the keys" },
  { name: "limit", type: "integer", summary: "maximum number of results" },
  { name: "max-create-rev", type: "integer", summary: "maximum create revision" },
  { name: "max-mod-rev", type: "integer", summary: "maximum modification revision" },
  { name: "min-create-rev", type: "integer", summary: "minimum create revision" },
  { name: "min-mod-rev", type: "integer", summary: "minimum modification revision" },
  { name: "order", type: "text", summary: "order of results; ASCEND or DESCEND (ASCEND by default)" },
  { name: "prefix", type: "switch", summary: "get keys with matching prefix" },
  {
    name: "print-value-only",
    type: "switch",
    summary: 'only write values when using the "simple" output format',
  },
  { name: "rev", type: "integer", summary: "specify the kv revision" },
  { name: "sort-by", type: "text", summary: "sort target; CREATE, KEY, MODIFY, VALUE, or VERSION" },
];

export const command: Command = {
  usage: "[options] <key> [range_end]",
  about: [
    "With --decode values are printed as objects, whatever program, codec and key wrote them. A value that is not an",
    "object is printed byte for byte, with a remark on stderr. With --from it reads a snapshot and needs no etcd.",
  ].join("\n"),
  // `get` in a txn has only the first ones: it prints etcd's response.
  flags: [...getFlags, fromFlag, ...decodeFlags],
  examples: [
    ["get /registry/pods/ --prefix --keys-only", "the names of all pods"],
    ["get /registry/pods/default/web-1 --decode", "the object, as YAML"],
    ["get /registry/secrets/ --prefix --decode -w json --keys-file keys.json", "decrypted, for jq"],
    ["get /registry/minions/ --prefix --decode --from backup.db", "a cluster's nodes, out of a snapshot"],
    ["get foo --rev 42", "as it was at revision 42"],
    ["get image --print-value-only > photo.jpg", "the value, byte for byte, and a newline"],
  ],
  async run(session) {
    const { flags } = session;
    const request = rangeRequestOf(session.args, flags);
    const decode = flags.on("decode");
    if (decode && (flags.on("keys-only") || flags.on("count-only"))) {
      throw badArguments("`--decode` needs values: it cannot be set with `--keys-only` or `--count-only`");
    }
    const file = flags.text("from");
    const from = file === "" ? await session.connect() : file;
    const response =
      typeof from === "string"
        ? await (await import("../store/snapshot-range.ts")).snapshotRange(session, from, request)
        : await from.kv.range(request, session.call);
    const format = flags.text("write-out");
    if (flags.on("count-only") && format !== "fields") {
      throw badArguments("--count-only is only for `--write-out=fields`");
    }
    if (decode) {
      // This imports the whole library, which a plain get does not need.
      const { printDecoded } = await import("../store/decode-values.ts");
      return printDecoded(session, from, response.kvs);
    }
    if (flags.on("print-value-only") && format !== "simple") {
      throw badArguments("print-value-only is only for `--write-out=simple`");
    }
    await session.show({ type: "get", response, valuesOnly: flags.on("print-value-only") });
  },
};

/** @throws CliFailure for arguments that etcdctl refuses, with its text */
export function rangeRequestOf(args: readonly string[], flags: Flags): RangeRequest {
  if (args.length === 0) {
    throw badArguments("get command needs one argument as key and an optional argument as range_end");
  }
  if (flags.on("prefix") && flags.on("from-key")) {
    throw badArguments("`--prefix` and `--from-key` cannot be set at the same time, choose one");
  }
  if (flags.on("keys-only") && flags.on("count-only")) {
    throw badArguments("`--keys-only` and `--count-only` cannot be set at the same time, choose one");
  }
  const consistency = flags.text("consistency");
  if (consistency !== "l" && consistency !== "s") {
    throw badFeature(`unknown consistency flag ${JSON.stringify(consistency)}`);
  }
  const range = rangeOf(args, flags);
  const order = flags.text("order");
  const sortOrder = sortOrders[order.toUpperCase()];
  if (sortOrder === undefined) throw badFeature(`bad sort order ${order}`);
  const target = flags.text("sort-by");
  const sortTarget = sortTargets[target.toUpperCase()];
  if (sortTarget === undefined) throw badFeature(`bad sort target ${target}`);
  const limits = {
    minCreateRevision: limitOf(flags, "min-create-rev"),
    maxCreateRevision: limitOf(flags, "max-create-rev"),
    minModRevision: limitOf(flags, "min-mod-rev"),
    maxModRevision: limitOf(flags, "max-mod-rev"),
  };
  refuseCrossed("getMinCreateRev", limits.minCreateRevision, "getMaxCreateRev", limits.maxCreateRevision);
  refuseCrossed("getMinModRev", limits.minModRevision, "getMaxModRev", limits.maxModRevision);
  return {
    ...range,
    ...limits,
    serializable: consistency === "s",
    keysOnly: flags.on("keys-only"),
    countOnly: flags.on("count-only"),
    // etcd treats a value below 1 as no limit.
    limit: Math.max(0, Number(flags.integer("limit"))),
    revision: flags.integer("rev"),
    sortOrder,
    sortTarget,
  };
}

/** A value below 1 is no limit. */
function limitOf(flags: Flags, name: string): bigint | undefined {
  const revision = flags.integer(name);
  return revision > 0n ? revision : undefined;
}

function refuseCrossed(
  minName: string,
  min: bigint | undefined,
  maxName: string,
  max: bigint | undefined,
): void {
  if (min === undefined || max === undefined || min <= max) return;
  throw badFeature(`${minName}(=${min}) > ${maxName}(=${max})`);
}
