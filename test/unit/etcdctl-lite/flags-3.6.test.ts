/**
 * Every command and every flag that etcdctl and etcdutl 3.6.14 show in their `--help`, as recorded from them, is one of
 * etcdctl-lite, with the same short form; but for those that docs/etcd-versions.md names.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { FlagSpec } from "../../../tools/etcdctl-lite/cli/flags.ts";
import { globalFlags } from "../../../tools/etcdctl-lite/cli/globals.ts";
import { leaves } from "../../../tools/etcdctl-lite/cli/help.ts";
import { tree } from "../../../tools/etcdctl-lite/tree.ts";

interface Helped {
  readonly tool: "etcdctl" | "etcdutl";
  /** "" holds the global flags. */
  readonly command: string;
  readonly flags: readonly string[];
}

const project = new URL("../../../", import.meta.url);
const recorded: readonly Helped[] = JSON.parse(
  await readFile(fileURLToPath(new URL("test/fixtures/etcdctl/flags-3.6.14.json", project)), "utf8"),
);
/** Each is in docs/etcd-versions.md, with what to do instead. */
const leftOut = ["etcdutl hashkv", "etcdutl migrate"];

const shown = ({ short, name }: FlagSpec): string =>
  short === undefined ? `--${name}` : `-${short} --${name}`;

async function flagsOf(command: string): Promise<readonly string[] | undefined> {
  if (command === "") return globalFlags.map(shown);
  const found = leaves(tree.nodes, []).find(({ path }) => path.join(" ") === command);
  return found === undefined ? undefined : ((await found.node.load()).command.flags ?? []).map(shown);
}

test("every command and flag of etcdctl and etcdutl 3.6 is there, or named as left out", async () => {
  const missing: string[] = [];
  for (const { tool, command, flags } of recorded) {
    const own = await flagsOf(command);
    if (own === undefined) missing.push(`${tool} ${command}`);
    else
      missing.push(
        ...flags.filter((flag) => !own.includes(flag)).map((flag) => `${tool} ${command} ${flag}`),
      );
  }
  expect(recorded).toHaveLength(58);
  expect(missing).toEqual(leftOut);
});

test("docs/etcd-versions.md names what is left out", async () => {
  const page = await readFile(fileURLToPath(new URL("docs/etcd-versions.md", project)), "utf8");
  expect(leftOut.filter((line) => !page.includes(`\`${line}`))).toEqual([]);
});
