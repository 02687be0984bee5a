/**
 * Reads lines of stdin as they are typed, one at a time: answers to questions, the parts of a transaction, passwords.
 *
 * Use one per session, because data after the first line of a chunk belongs to the next question.
 */
import { CliFailure, exitCodes } from "./failure.ts";
import type { Input } from "./io.ts";

const interruptByte = "\u0003";
const endByte = "\u0004";

export class LineReader {
  readonly #input: Input;
  readonly #pieces: AsyncIterator<Uint8Array | string>;
  #waiting = "";
  #ended = false;

  constructor(input: Input) {
    this.#input = input;
    this.#pieces = input[Symbol.asyncIterator]();
  }

  /** Without its newline; undefined at the end. Text after the last newline is not a line. */
  async line(): Promise<string | undefined> {
    while (!this.#waiting.includes("\n")) if (!(await this.#more())) return undefined;
    return this.#take(this.#waiting.indexOf("\n"), 1);
  }

  /** One line, or the incomplete line at the end. */
  async answer(): Promise<string> {
    const line = await this.line();
    return (line ?? this.#take(this.#waiting.length, 0)).replace(/\r$/, "");
  }

  /**
   * One line, not shown while it is typed on a terminal: `ask` is the prompt. @throws CliFailure when it is interrupted
   */
  async secret(ask: () => void): Promise<string> {
    const { isTTY, setRawMode } = this.#input;
    if (isTTY !== true || setRawMode === undefined) {
      ask();
      return this.answer();
    }
    // Before the prompt, so that early input is not shown.
    setRawMode(true);
    try {
      ask();
      for (;;) {
        const at = this.#waiting.search(/[\r\n\u0003\u0004]/);
        if (at < 0 && (await this.#more())) continue;
        const end = at < 0 ? endByte : this.#waiting.charAt(at);
        const typed = this.#take(at < 0 ? this.#waiting.length : at, at < 0 ? 0 : 1);
        if (end === interruptByte) throw new CliFailure(exitCodes.sigint, "");
        return withoutErased(typed);
      }
    } finally {
      setRawMode(false);
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#pieces.next();
    if (done === true) this.#ended = true;
    else this.#waiting += Buffer.from(value).toString();
    return !this.#ended;
  }

  #take(length: number, separator: number): string {
    const text = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length + separator);
    return text;
  }
}

/** In raw mode the terminal does not handle erasing. */
function withoutErased(typed: string): string {
  const kept: string[] = [];
  for (const character of typed) {
    if (character === "\u007f" || character === "\b") kept.pop();
    else kept.push(character);
  }
  return kept.join("");
}
