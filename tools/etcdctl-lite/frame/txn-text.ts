/**
 * The little language of `txn`: `mod("key") > "0"` and `put key "value"`, in etcdctl's spelling and with its words
 * for what cannot be read.
 */
import type { Compare, TxnOp } from "keelson/etcd";
import { command as del } from "../commands/del.ts";
import { getFlags, rangeRequestOf } from "../commands/get.ts";
import { command as put } from "../commands/put.ts";
import { quoteBytes } from "../text/quote.ts";
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
      return { type: "put", put: { key, value, lease, prevKv: flags.on("prev-kv") } };
    }
    case "del": {
      const { flags, args } = parseFlags(rest, del.flags ?? []);
      return { type: "delete", delete: { ...rangeOf(args, flags), prevKv: flags.on("prev-kv") } };
    }
    default:
      throw new CliFailure(exitCodes.badInput, `invalid txn request: ${line}`);
  }
}

/** Words, with quotes kept together and taken off. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(([whole, double, single, plain]) => {
    if (double !== undefined) return unquote(whole).toString();
    return single ?? plain ?? "";
  });
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** A quoted string of Go to bytes. */
function unquote(quoted: string): Buffer {
  const text = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return Buffer.from(text);
  const pieces: Buffer[] = [];
  const parts = /\\x([0-9a-fA-F]{2})|\\([0-7]{3})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\(.)|([^\\]+)/gs;
  for (const [, hex, octal, short, long, letter, plain] of text.matchAll(parts)) {
    const code = short ?? long;
    if (hex !== undefined) pieces.push(Buffer.from(hex, "hex"));
    else if (octal !== undefined) pieces.push(Buffer.from([Number.parseInt(octal, 8)]));
    else if (code !== undefined) pieces.push(Buffer.from(String.fromCodePoint(Number.parseInt(code, 16))));
    else if (letter !== undefined) {
      const byte = escapes[letter];
      pieces.push(byte === undefined ? Buffer.from(letter) : Buffer.from([byte]));
    } else pieces.push(Buffer.from(plain ?? ""));
  }
  return Buffer.concat(pieces);
}
