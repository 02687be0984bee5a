/**
 * A command's environment: its streams, its variables and its abort signal. `main.ts` passes those of the process;
 * tests pass buffers, so that a command line can run inside a process.
 */

export interface Output {
  write(bytes: Uint8Array | string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** On a terminal (terminal.ts): marks a control sequence as the tool's own. */
  readonly own?: ((sequence: string) => string) | undefined;
  /** On a terminal: writes the bytes of a program that the user runs unchanged. */
  readonly pass?: ((bytes: Uint8Array) => unknown) | undefined;
}

export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
  /** On a terminal: whether it echoes and edits input itself. */
  readonly setRawMode?: ((on: boolean) => unknown) | undefined;
}

export interface CommandIo {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT and SIGTERM: commands end cleanly and leave nothing half done. */
  readonly signal: AbortSignal;
  /** The name by which the program was called; messages repeat it. */
  readonly program: string;
}

/** The same input, which ends with the signal's reason, so that a prompt does not wait after Ctrl-C. */
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
