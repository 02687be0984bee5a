/**
 * What a command sees of the outside: its streams, its environment and the end of its time. `main.ts` gives the
 * process's own, tests give buffers, so that a command line can be run within a process.
 */

export interface Output {
  write(bytes: Uint8Array | string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Of a terminal (terminal.ts): marks a control sequence as the tool's own. */
  readonly own?: ((sequence: string) => string) | undefined;
  /** Of a terminal: bytes as they are, of a program that the user runs. */
  readonly pass?: ((bytes: Uint8Array) => unknown) | undefined;
}

export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
  /** Of a terminal: whether it shows and edits what is typed by itself. */
  readonly setRawMode?: ((on: boolean) => unknown) | undefined;
}

export interface CommandIo {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT and SIGTERM: commands end cleanly and leave nothing half done. */
  readonly signal: AbortSignal;
  /** The name the program was called by; messages repeat it. */
  readonly program: string;
}

/** The same input, ended by the signal's reason: who waits for a line must not wait after Ctrl-C. */
export function interruptible(input: Input, signal: AbortSignal): Input {
  return {
    isTTY: input.isTTY,
    setRawMode: input.setRawMode?.bind(input),
    async *[Symbol.asyncIterator]() {
      const pieces = input[Symbol.asyncIterator]();
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      aborted.catch(() => {});
      for (;;) {
        signal.throwIfAborted();
        const piece = await Promise.race([pieces.next(), aborted]);
        if (piece.done === true) return;
        yield piece.value;
      }
    },
  };
}

/** All of stdin, as bytes. */
export async function readAll(input: Input): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
