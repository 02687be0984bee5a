/** `--help`: what a command does, its flags, examples. docs/etcdctl-lite.md is checked against it. */
import { alignColumns } from "../text/table.ts";
import type { Command, Node } from "./command.ts";
import { type FlagSpec, fallbackOf } from "./flags.ts";
import { globalFlags } from "./globals.ts";

/** Help of a group, or of the program. */
export function groupHelp(
  program: string,
  path: readonly string[],
  group: Node & { nodes: readonly Node[] },
): string {
  const line = [program, ...path].join(" ");
  const rows = leaves(group.nodes, []).map(({ path: names, node }) => [`  ${names.join(" ")}`, node.summary]);
  return [
    `${line}: ${group.summary}\n\nUSAGE:\n  ${line} <command> [flags]\n\nCOMMANDS:\n`,
    alignColumns(rows),
    `\nGLOBAL FLAGS:\n${flagLines(globalFlags)}`,
    `\nEvery global flag can be given as ETCDCTL_<NAME> in the environment. "${line} <command> --help" shows examples.\n`,
  ].join("");
}

export function commandHelp(
  program: string,
  path: readonly string[],
  facts: { readonly summary: string; readonly command: Command },
): string {
  const { usage, about, flags = [], examples = [] } = facts.command;
  const line = [program, ...path].join(" ");
  return [
    `${line}: ${facts.summary}\n`,
    about === undefined ? "" : `\n${about}\n`,
    `\nUSAGE:\n  ${line} ${usage}\n`,
    flags.length === 0 ? "" : `\nFLAGS:\n${flagLines(flags)}`,
    examples.length === 0 ? "" : "\nEXAMPLES:\n",
    ...examples.map(([example, does]) => `  # ${does}\n  ${program} ${example}\n`),
    `\n"${program} --help" lists the global flags.\n`,
  ].join("");
}

/** Every command below `nodes`, with its full path. */
export function leaves(
  nodes: readonly Node[],
  above: readonly string[],
): readonly { readonly path: readonly string[]; readonly node: Exclude<Node, { nodes: unknown }> }[] {
  return nodes.flatMap((node) =>
    "nodes" in node ? leaves(node.nodes, [...above, node.name]) : [{ path: [...above, node.name], node }],
  );
}

function flagLines(flags: readonly FlagSpec[]): string {
  return alignColumns(
    flags.map((flag) => {
      const short = flag.short === undefined ? "    " : `-${flag.short}, `;
      const value = flag.type === "switch" ? "" : ` <${flag.type}>`;
      const fallback = fallbackOf(flag);
      const shown = ["", "false", "0", "0s"].includes(fallback) ? "" : ` (default ${fallback})`;
      return [`  ${short}--${flag.name}${value}`, `${flag.summary}${shown}`];
    }),
  );
}
