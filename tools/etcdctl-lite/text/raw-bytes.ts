/**
 * Bytes that are no UTF-8, carried in text: each as a lone surrogate, U+DC80 to U+DCFF for 0x80 to 0xFF. Text without
 * them is itself. So keys and values of a command line are the bytes the shell gave, whatever they are.
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

/** Bytes as the text they are; undefined when they are none: a replacement character would be a lost byte. */
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
 * Node reads its arguments as UTF-8 and puts U+FFFD for what is none; the system still has the bytes, on Linux.
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
  // Anything else is not this process's command line: better the words as Node read them.
  if (own.length !== args.length || own.some((word, at) => word.toString() !== args[at])) return args;
  return own.map(textOfBytes);
}
