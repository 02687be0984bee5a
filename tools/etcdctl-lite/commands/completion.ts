/** `completion`: scripts that let a shell complete commands and flags, made from the tree itself. */
import type { Command } from "../cli/command.ts";
import { badArguments } from "../cli/failure.ts";
import { globalFlags } from "../cli/globals.ts";
import type { CommandListing } from "../cli/session.ts";

export const command: Command = {
  usage: "bash|zsh|fish",
  examples: [["completion bash > /etc/bash_completion.d/etcdctl-lite", "for every shell of this machine"]],
  async run(session) {
    const [shell] = session.args;
    const program = "etcdctl-lite";
    const commands = await session.commands();
    switch (shell) {
      case "bash":
        return void session.io.stdout.write(bash(program, commands));
      case "zsh":
        return void session.io.stdout.write(
          `autoload -U +X bashcompinit && bashcompinit\n${bash(program, commands)}`,
        );
      case "fish":
        return void session.io.stdout.write(fish(program, commands));
      default:
        throw badArguments("completion needs one argument: bash, zsh or fish");
    }
  },
};

function bash(program: string, commands: readonly CommandListing[]): string {
  const next = new Map<string, Set<string>>();
  const add = (path: string, word: string): void =>
    void next.set(path, (next.get(path) ?? new Set()).add(word));
  for (const { path, flags } of commands) {
    path.forEach((word, at) => {
      add(path.slice(0, at).join(" "), word);
    });
    for (const flag of flags) add(path.join(" "), flag);
  }
  const rows = [...next].map(([path, words]) => `    "${path}") words="${[...words].join(" ")}" ;;`);
  const globals = globalFlags.map(({ name }) => `--${name}`).join(" ");
  return `_${program.replaceAll("-", "_")}() {
  local path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${rows.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words ${globals}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${program.replaceAll("-", "_")} ${program}
`;
}

function fish(program: string, commands: readonly CommandListing[]): string {
  const lines = new Set<string>();
  for (const { path, summary, flags } of commands) {
    const [first = "", second] = path;
    const quoted = `'${summary.replaceAll("'", "\\'")}'`;
    lines.add(
      `complete -c ${program} -n __fish_use_subcommand -f -a ${first}${second === undefined ? ` -d ${quoted}` : ""}`,
    );
    if (second !== undefined) {
      lines.add(
        `complete -c ${program} -n '__fish_seen_subcommand_from ${first}' -f -a ${second} -d ${quoted}`,
      );
    }
    for (const flag of flags) {
      lines.add(
        `complete -c ${program} -n '__fish_seen_subcommand_from ${second ?? first}' -l ${flag.slice(2)}`,
      );
    }
  }
  for (const { name } of globalFlags) lines.add(`complete -c ${program} -l ${name}`);
  return `${[...lines].join("\n")}\n`;
}
