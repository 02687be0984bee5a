/**
 * Runs one command line, from its words to its exit code.
 *
 *   words -> command (names may be shortened while they are unique) -> flags -> environment -> run -> exit code
 *
 * It does not access the process: `main.ts` and the tests pass streams.
 */

import { messageOf } from "../../src/base/text/message-of.ts";
import type { Command, Node } from "./cli/command.ts";
import { CliFailure, exitCodes } from "./cli/failure.ts";
import { type Flags, nearest, parseFlags } from "./cli/flags.ts";
import { globalFlags, readEnvironment } from "./cli/globals.ts";
import { type CommandIo, interruptible } from "./cli/io.ts";
import type { CommandListing } from "./cli/session.ts";
import { guardedTerminal } from "./cli/terminal.ts";
import { tree } from "./tree.ts";

/** @returns the exit code; 130 when `io.signal` ended it */
export async function run(argv: readonly string[], given: CommandIo): Promise<number> {
  const io: CommandIo = {
    ...given,
    stdin: interruptible(given.stdin, given.signal),
    stdout: guardedTerminal(given.stdout),
    stderr: guardedTerminal(given.stderr),
  };
  let debug = argv.includes("--debug");
  try {
    const found = findCommand(argv, io.program);
    if ("nodes" in found.node) {
      if (found.rest.includes("--version")) {
        io.stdout.write(`${io.program} ${await ownVersion()}\n`);
        return 0;
      }
      const { groupHelp } = await import("./cli/help.ts");
      parseFlags(found.rest, globalFlags);
      io.stdout.write(groupHelp(io.program, found.path, found.node));
      return 0;
    }
    const { command } = await found.node.load();
    const { flags, args, dashAt } = parseFlags(found.rest, [...(command.flags ?? []), ...globalFlags]);
    if (flags.on("help")) {
      const { commandHelp } = await import("./cli/help.ts");
      io.stdout.write(commandHelp(io.program, found.path, { summary: found.node.summary, command }));
      return 0;
    }
    readEnvironment(flags, io);
    debug = flags.on("debug");
    await runCommand(command, { flags, args, dashAt, io });
    return 0;
  } catch (error) {
    if (io.signal.aborted) return exitCodes.sigint;
    return tell(await failureOf(error), { io, debug });
  }
}

async function runCommand(
  command: Command,
  facts: {
    readonly flags: Flags;
    readonly args: readonly string[];
    readonly dashAt: number;
    readonly io: CommandIo;
  },
): Promise<void> {
  const { Session } = await import("./cli/session.ts");
  const session = new Session({ ...facts, commands: listCommands });
  try {
    await command.run(session);
  } finally {
    await session.close();
  }
}

async function listCommands(): Promise<readonly CommandListing[]> {
  const { leaves } = await import("./cli/help.ts");
  return Promise.all(
    leaves(tree.nodes, []).map(async ({ path, node }) => ({
      path,
      summary: node.summary,
      flags: ((await node.load()).command.flags ?? []).map(({ name }) => `--${name}`),
    })),
  );
}

interface Found {
  readonly node: Node;
  readonly path: readonly string[];
  /** The words after the command's name. */
  readonly rest: readonly string[];
}

/** @throws CliFailure for an unknown or ambiguous name */
export function findCommand(argv: readonly string[], program: string): Found {
  let node: Node = tree;
  const path: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (!("nodes" in node) || word === "--") return { node, path, rest: [...rest, ...argv.slice(at)] };
    if (word.startsWith("-") && word !== "-") {
      rest.push(word);
      const value = argv[at + 1];
      if (takesValue(word) && value !== undefined) {
        rest.push(value);
        at++;
      }
      continue;
    }
    if (word === "help" && node === tree) {
      return { ...findCommand(argv.slice(at + 1), program), rest: ["--help"] };
    }
    node = childOf(node, word, [program, ...path].join(" "));
    path.push(node.name);
  }
  return { node, path, rest };
}

/** Whether the word after this flag belongs to it. */
function takesValue(word: string): boolean {
  if (word.includes("=")) return false;
  const spec = word.startsWith("--")
    ? globalFlags.find(({ name }) => `--${name}` === word)
    : globalFlags.find(({ short }) => short !== undefined && `-${short}` === word);
  return spec !== undefined && spec.type !== "switch";
}

function childOf(group: Node & { readonly nodes: readonly Node[] }, word: string, line: string): Node {
  const exact = group.nodes.find(({ name }) => name === word);
  if (exact !== undefined) return exact;
  const begun = group.nodes.filter(({ name }) => name.startsWith(word));
  const [only] = begun;
  if (only !== undefined && begun.length === 1) return only;
  const near = nearest(
    word,
    group.nodes.map(({ name }) => name),
  );
  const meant = begun.length > 1 ? begun.map(({ name }) => name) : near === undefined ? [] : [near];
  const suggestion =
    meant.length === 0 ? "" : `\n\nDid you mean this?\n${meant.map((name) => `\t${name}\n`).join("")}`;
  throw new CliFailure(
    exitCodes.error,
    `unknown command ${JSON.stringify(word)} for ${JSON.stringify(line)}${suggestion}`,
    {
      hint: `Run '${line} --help' for usage.`,
    },
  );
}

/** A CliFailure is printed without loading the etcd client. */
async function failureOf(error: unknown): Promise<unknown> {
  return error instanceof CliFailure ? error : (await import("./cli/failure-text.ts")).cliFailureOf(error);
}

function tell(error: unknown, { io, debug }: { readonly io: CommandIo; readonly debug: boolean }): number {
  const failure = error instanceof CliFailure ? error : undefined;
  const message = messageOf(error);
  if (message !== "") io.stderr.write(`Error: ${message}\n`);
  if (failure?.hint !== undefined) io.stderr.write(`${failure.hint}\n`);
  if (debug && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`);
  return failure?.exitCode ?? exitCodes.error;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}

async function ownVersion(): Promise<string> {
  return (await import("./commands/version.ts")).ownVersion();
}
