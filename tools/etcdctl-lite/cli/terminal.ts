/**
 * The terminal as commands see it: control characters in all output are escaped, so that no key, value, name or server
 * message can control it. `own` marks the tool's own sequences (colours, clearing the screen, the progress bar) with a
 * mark that is secret to this process.
 */
import { randomUUID } from "node:crypto";
import { printable } from "../text/printable.ts";
import type { Output } from "./io.ts";

/** Returns `output` itself if it is not a terminal: piped output is unchanged. */
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

/** Marks a control sequence of the tool, for text written to `output`. */
export function ownSequence(output: Pick<Output, "own">, sequence: string): string {
  return output.own?.(sequence) ?? sequence;
}

/** Output of a program that the user runs. */
export function passThrough(output: Output, bytes: Uint8Array): void {
  if (output.pass === undefined) output.write(bytes);
  else output.pass(bytes);
}
