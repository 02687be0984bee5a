/**
 * A command: a file that exports one of these. The tree names the file, which is loaded only when the command runs, so
 * `version` never loads an etcd client.
 */
import type { FlagSpec } from "./flags.ts";
import type { Session } from "./session.ts";

export interface Command {
  /** The arguments after the name, e.g. `[options] <key> [range_end]`. */
  readonly usage: string;
  /** More than the tree's summary, for `--help`. */
  readonly about?: string;
  readonly flags?: readonly FlagSpec[];
  /** Whole command lines without the program's name, and what each does. */
  readonly examples?: readonly (readonly [line: string, does: string])[];
  run(session: Session): Promise<void>;
}

/** A name in the tree of commands: a group of others, or a command to load. */
export type Node = { readonly name: string; readonly summary: string } & (
  | { readonly nodes: readonly Node[] }
  | { readonly load: () => Promise<{ readonly command: Command }>; readonly own?: true }
);
