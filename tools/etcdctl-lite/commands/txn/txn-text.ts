/**
 * The language of `txn`: `mod("key") > "0"` and `put key "value"`, with etcdctl's syntax and error texts.
 */
import type { Compare, TxnOp } from "keelson/etcd";
import { badInput, CliFailure, exitCodes } from "../../cli/failure.ts";
import { type FlagSpec, parseFlags, parseHexId, parseInteger } from "../../cli/flags.ts";
import { unquote, wordsOf } from "../../text/argify.ts";
import { quoteBytes } from "../../text/quote.ts";
import { command as del, deletedRangeOf } from "../del.ts";
import { getFlags, rangeRequestOf } from "../get.ts";
import { command as put, putRequestOf } from "../put.ts";

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

/** @throws CliFailure naming the line, or the error of the request itself */
export function parseRequest(line: string): TxnOp {
  const words = wordsOf(line);
  const [verb = "", ...rest] = words;
  if (words.length < 2) throw new CliFailure(exitCodes.badInput, `invalid txn request: ${line}`);
  switch (verb) {
    case "get": {
      const { flags, args } = flagsOf(rest, getFlags);
      return { type: "range", range: rangeRequestOf(args, flags) };
    }
    case "put": {
      const { flags, args } = flagsOf(rest, put.flags);
      return { type: "put", put: putRequestOf(args, flags) };
    }
    case "del": {
      const { flags, args } = flagsOf(rest, del.flags);
      return { type: "delete", delete: { ...deletedRangeOf(args, flags), prevKv: flags.on("prev-kv") } };
    }
    default:
      throw new CliFailure(exitCodes.badInput, `invalid txn request: ${line}`);
  }
}

/** A wrong flag counts as invalid input here, as with etcdctl. */
function flagsOf(words: readonly string[], specs: readonly FlagSpec[] = []): ReturnType<typeof parseFlags> {
  try {
    return parseFlags(words, specs);
  } catch (error) {
    throw error instanceof CliFailure ? badInput(error.message) : error;
  }
}
