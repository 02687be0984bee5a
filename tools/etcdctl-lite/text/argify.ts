/** A line of text as the words of a command line: double quotes as in Go, single quotes without escapes. */
import { textOfBytes } from "./raw-bytes.ts";

/** Words, with quotes kept together and taken off. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(([whole, double, single, plain]) => {
    if (double !== undefined) return textOfBytes(unquote(whole));
    return single ?? plain ?? "";
  });
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** A quoted string of Go to bytes. */
export function unquote(quoted: string): Buffer {
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
