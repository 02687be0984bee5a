/**
 * A terminal as commands see it: whatever is written to it has its control characters escaped, so that no key, value, name or
 * message of a server ever drives it, whichever command prints it. The tool's own sequences (colours, a cleared screen, the
 * progress bar) are marked by `own`, with a mark that nobody outside this process can know.
 */
import { randomUUID } from "node:crypto";
import { printable } from "../text/printable.ts";
import type { Output } from "./io.ts";

/** `output` itself where it is no terminal: what is piped to another program is passed as it is. */
export function guardedTerminal(output: Output): Output {
  if (output.isTTY !== true) return output;
  const mark = `<${randomUUID()}:`;
  const marked = new RegExp(`${mark}([0-9a-f]*)>`, "g");
  return {
    isTTY: true,
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    own: (sequence) => `${mark}${Buffer.from(sequence).toString("hex")}>`,
    pass: (bytes) => output.write(bytes),
    write(given) {
      const text = typeof given === "string" ? given : Buffer.from(given).toString("utf8");
      const shown = printable(text, "lines");
      return output.write(shown.replace(marked, (_, hex: string) => Buffer.from(hex, "hex").toString()));
    },
  };
}

/** A control sequence of the tool's own, as it is put into what is written to `output`. */
export function ownSequence(output: Pick<Output, "own">, sequence: string): string {
  return output.own?.(sequence) ?? sequence;
}

/** Output of a program that the user runs. */
export function passThrough(output: Output, bytes: Uint8Array): void {
  if (output.pass === undefined) output.write(bytes);
  else output.pass(bytes);
}
