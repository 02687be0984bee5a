/**
 * What a command sees of the outside: its streams, its environment and the end of its time. `main.ts` gives the
 * process's own, tests give buffers, so that a command line can be run within a process.
 */

export interface Output {
  write(bytes: Uint8Array | string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
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

/** All of stdin, as bytes. */
export async function readAll(input: Input): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
