/** etcdctl-lite within the test's own process: a command line in, what it printed and its exit code out. */
import { run } from "../../../tools/etcdctl-lite/run.ts";

/** What a command line is given unless it says otherwise: a machine that stands still for seconds is no etcd that is gone. */
export const patience: readonly string[] = ["--dial-timeout=60s", "--command-timeout=60s"];

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LiteOptions {
  readonly stdin?: string | AsyncIterable<Uint8Array | string>;
  /** stdin, stdout and stderr are a terminal. */
  readonly tty?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Told of everything on stdout so far, at each piece. */
  readonly onBytes?: (soFar: Buffer) => void;
  /** The same of stderr. */
  readonly onErrorBytes?: (soFar: Buffer) => void;
}

/** @returns a function that runs command lines against `endpoints` */
export function liteAt(
  endpoints: readonly string[],
): (args: readonly string[], options?: LiteOptions) => Promise<Ran & { readonly bytes: Buffer }> {
  return async (args, options = {}) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const isTTY = options.tty === true;
    const { stdin = "" } = options;
    const code = await run([`--endpoints=${endpoints.join(",")}`, ...patience, ...args], {
      stdin: {
        isTTY,
        async *[Symbol.asyncIterator]() {
          if (typeof stdin === "string") yield Buffer.from(stdin);
          else yield* stdin;
        },
      },
      stdout: {
        isTTY,
        write(bytes) {
          out.push(Buffer.from(bytes));
          options.onBytes?.(Buffer.concat(out));
        },
      },
      stderr: {
        isTTY,
        write(bytes) {
          err.push(Buffer.from(bytes));
          options.onErrorBytes?.(Buffer.concat(err));
        },
      },
      env: options.env ?? {},
      signal: options.signal ?? new AbortController().signal,
      program: "etcdctl-lite",
    });
    const bytes = Buffer.concat(out);
    return { code, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes };
  };
}
