/** `completion`: scripts that let a shell complete commands and flags, generated from the tree. */
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
        return void session.io.stdout.write(zsh(program, commands));
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
  const valueRows = Object.entries(flagValues).map(
    ([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W "${values.join(" ")}" -- "$here")); return ;;`,
  );
  const rows = [...next].map(([path, words]) => `    "${path}") words="${[...words].join(" ")}" ;;`);
  const globals = globalFlags.map(({ name }) => `--${name}`).join(" ");
  return `_${program.replaceAll("-", "_")}() {
  local path="" words="" word here="\${COMP_WORDS[COMP_CWORD]}" globals="${globals}"
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${valueRows.join("\n")}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${pathPattern(commands)}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${rows.join("\n")}
  esac
  case "$here" in
    -*) COMPREPLY=($(compgen -W "$words $globals" -- "$here")) ;;
    *) COMPREPLY=($(compgen -W "$(printf '%s\\n' $words | grep -v '^-')" -- "$here")) ;;
  esac
}
complete -o default -F _${program.replaceAll("-", "_")} ${program}
`;
}

/**
 * The commands and groups, as a pattern of `case`: no other word, such as a key or a flag's value, selects another
 * command.
 */
function pathPattern(commands: readonly CommandListing[]): string {
  const paths = commands.flatMap(({ path }) => path.map((_, at) => path.slice(0, at + 1).join(" ")));
  return [...new Set(paths)].map((path) => `"${path}"`).join("|");
}

/** The values of flags with known values. */
const flagValues: Readonly<Record<string, readonly string[]>> = {
  "--write-out": ["fields", "json", "protobuf", "simple", "table"],
  "-w": ["fields", "json", "protobuf", "simple", "table"],
  "--consistency": ["l", "s"],
  "--order": ["ASCEND", "DESCEND"],
  "--sort-by": ["CREATE", "KEY", "MODIFY", "VALUE", "VERSION"],
};

/**
 * zsh's native completion, for a file `_etcdctl-lite` in $fpath and for `source`: words depend on the commands before
 * the cursor; flags are offered only after a dash.
 */
function zsh(program: string, commands: readonly CommandListing[]): string {
  const name = `_${program.replaceAll("-", "_")}`;
  const described = new Map<string, Map<string, string>>();
  const flagsOf = new Map<string, readonly string[]>();
  for (const { path, summary, flags } of commands) {
    path.forEach((word, at) => {
      const before = path.slice(0, at).join(" ");
      const words = described.get(before) ?? new Map<string, string>();
      if (at === path.length - 1 || !words.has(word)) words.set(word, at === path.length - 1 ? summary : "");
      described.set(before, words);
    });
    flagsOf.set(path.join(" "), flags);
  }
  const entry = ([word, summary]: readonly [string, string]): string =>
    shellQuoted(summary === "" ? word : `${word}:${summary}`);
  const wordRows = [...described].map(
    ([path, words]) => `    "${path}") words_here=(${[...words].map(entry).join(" ")}) ;;`,
  );
  const flagRows = [...flagsOf].map(
    ([path, flags]) => `    "${path}") flags_here=(${flags.map(shellQuoted).join(" ")}) ;;`,
  );
  const valueRows = Object.entries(flagValues).map(
    ([flag, values]) => `    ${flag}) compadd -- ${values.join(" ")}; return ;;`,
  );
  const globals = globalFlags.map(({ name: flag }) => `--${flag}`).join(" ");
  return `#compdef ${program}
${name}() {
  local path_here="" word
  local -a words_here flags_here
  case "\${words[CURRENT-1]}" in
${valueRows.join("\n")}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${path_here:+$path_here }$word" in
      ${pathPattern(commands)}) path_here="\${path_here:+$path_here }$word" ;;
    esac
  done
  case "$path_here" in
${wordRows.join("\n")}
  esac
  if [[ "\${words[CURRENT]}" == -* || \${#words_here} -eq 0 ]]; then
    case "$path_here" in
${flagRows.join("\n")}
    esac
    [[ "\${words[CURRENT]}" == -* ]] && compadd -- $flags_here ${globals} || _files
  else
    _describe command words_here
  fi
}
if [[ "\${funcstack[1]}" == ${name} || "\${funcstack[1]}" == _${program} ]]; then
  ${name} "$@"
else
  compdef ${name} ${program}
fi
`;
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

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
