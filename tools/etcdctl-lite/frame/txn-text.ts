/**
 * The little language of `txn`: `mod("key") > "0"` and `put key "value"`, in etcdctl's spelling and with its words
 * for what cannot be read.
 */
import type { Compare, TxnOp } from "keelson/etcd";
import { command as del } from "../commands/del.ts";
import { getFlags, rangeRequestOf } from "../commands/get.ts";
import { command as put } from "../commands/put.ts";
import { unquote, wordsOf } from "../text/argify.ts";
import { quoteBytes } from "../text/quote.ts";
import { bytesOfText } from "../text/raw-bytes.ts";
import { badInput, CliFailure, exitCodes } from "./failure.ts";
import { parseFlags, parseHexId, parseInteger } from "./flags.ts";
import { rangeOf } from "./key-range.ts";

const numbers: Readonly<Record<string, "version" | "create" | "mod">> = {
  ver: "version",
  version: "version",
  c: "create",
  create: "create",
  m: "mod",
  mod: "mod",
};
const results: Readonly<Record<string, Compare["result"]>> = { "=": "=", "!=": "!=", ">": ">", "<": "<" };

/** @throws CliFailure naming the line */
export function parseCompare(line: string): Compare {
  const paren = line.indexOf("(");
  if (paren < 0) throw badInput(`malformed comparison: ${line}`);
  const target = line.slice(0, paren);
  const match = /^("(?:[^"\\]|\\.)*"|`[^`]*`)\)\s*(\S+)\s+("(?:[^"\\]|\\.)*"|`[^`]*`)/.exec(
    line.slice(paren + 1),
  );
  if (match === null) {
    const key = /^("(?:[^"\\]|\\.)*")/.exec(line.slice(paren + 1))?.[1];
    throw badInput(
      `malformed comparison: ${line}; got ${target}(${key === undefined ? '""' : quoteBytes(unquote(key))})  ""`,
    );
  }
  const [, keyText = "", sign = "", valueText = ""] = match;
  const key = unquote(keyText);
  const value = unquote(valueText);
  const result = results[sign];
  // etcdctl's client panics here; exit code and stream are kept.
  if (result === undefined) throw badInput(`malformed comparison: ${line} (unknown result op ${sign})`);
  if (target === "val" || target === "value") return { key, result, target: "value", operand: value };
  const number = numbers[target];
  if (number === undefined && target !== "lease") {
    throw badInput(`malformed comparison: ${line} (unknown target ${target})`);
  }
  try {
    if (number === undefined)
      return { key, result, target: "lease", operand: parseHexId(value.toString(), "signed") };
    return { key, result, target: number, operand: parseInteger(value.toString()) };
  } catch {
    throw badInput(`invalid txn compare request: ${line}`);
  }
}

/** @throws CliFailure naming the line, or what the request itself refuses */
export function parseRequest(line: string): TxnOp {
  const words = wordsOf(line);
  const [verb = "", ...rest] = words;
  if (words.length < 2) throw new CliFailure(exitCodes.badInput, `invalid txn request: ${line}`);
  switch (verb) {
    case "get": {
      const { flags, args } = parseFlags(rest, getFlags);
      return { type: "range", range: rangeRequestOf(args, flags) };
    }
    case "put": {
      const { flags, args } = parseFlags(rest, put.flags ?? []);
      const [key = "", value = ""] = args;
      const lease = parseHexId(flags.text("lease"), "signed");
      return {
        type: "put",
        put: { key: bytesOfText(key), value: bytesOfText(value), lease, prevKv: flags.on("prev-kv") },
      };
    }
    case "del": {
      const { flags, args } = parseFlags(rest, del.flags ?? []);
      return { type: "delete", delete: { ...rangeOf(args, flags), prevKv: flags.on("prev-kv") } };
    }
    default:
      throw new CliFailure(exitCodes.badInput, `invalid txn request: ${line}`);
  }
}
