/**
 * Represents invalid UTF-8 bytes in text: each as a lone surrogate, U+DC80 to U+DCFF for 0x80 to 0xFF. Other text is
 * unchanged. So keys and values of a command line keep the exact bytes from the shell.
 */
import { characterAt } from "./quote.ts";

const surrogates = 0xdc00;
const carried = /(?<![\ud800-\udbff])([\udc80-\udcff])/;

export function textOfBytes(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const [character, length] = characterAt(bytes, at);
    text += character ?? String.fromCharCode(surrogates + (bytes[at] ?? 0));
    at += length;
  }
  return text;
}

/** Bytes as text; undefined if they are not valid UTF-8, because a replacement character would lose a byte. */
export function exactTextOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString();
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

export function bytesOfText(text: string): Buffer {
  if (!carried.test(text)) return Buffer.from(text);
  return Buffer.concat(
    text
      .split(carried)
      .map((part) =>
        carried.test(part) ? Buffer.from([part.charCodeAt(0) - surrogates]) : Buffer.from(part),
      ),
  );
}

/**
 * Node decodes its arguments as UTF-8 and replaces invalid bytes with U+FFFD; on Linux the system still has the bytes.
 * @param commandLine of the process, as /proc/self/cmdline has it: each word ended by a zero byte
 */
export function exactArguments(args: readonly string[], commandLine: Buffer): readonly string[] {
  const words: Buffer[] = [];
  for (let from = 0; from < commandLine.length; ) {
    const end = commandLine.indexOf(0, from);
    words.push(commandLine.subarray(from, end < 0 ? commandLine.length : end));
    from = (end < 0 ? commandLine.length : end) + 1;
  }
  const own = words.slice(words.length - args.length);
  // Otherwise it is not this process's command line: use the words from Node.
  if (own.length !== args.length || own.some((word, at) => word.toString() !== args[at])) return args;
  return own.map(textOfBytes);
}
