/**
 * docs/etcdctl-lite.md holds every command's `--help`, word for word. After a change of the help, write the page anew:
 *
 *   WRITE_DOCS=1 npx vitest run --project unit test/unit/etcdctl-lite/help.test.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { leaves } from "../../../tools/etcdctl-lite/cli/help.ts";
import { run } from "../../../tools/etcdctl-lite/run.ts";
import { tree } from "../../../tools/etcdctl-lite/tree.ts";

const page = fileURLToPath(new URL("../../../docs/etcdctl-lite.md", import.meta.url));
const endOfPreface = "<!-- From here on: the tool's own help; a test keeps it so. -->\n";
const commands = leaves(tree.nodes, []);

async function stdoutOf(args: readonly string[]): Promise<string> {
  let text = "";
  const write = (bytes: Uint8Array | string): void => {
    text += Buffer.from(bytes).toString();
  };
  const code = await run(args, {
    stdin: (async function* () {})(),
    stdout: { write },
    stderr: { write },
    env: {},
    signal: new AbortController().signal,
    program: "etcdctl-lite",
  });
  expect(code, text).toBe(0);
  return text;
}

async function helpPages(): Promise<string> {
  let text = `\n## etcdctl-lite\n\n\`\`\`text\n${await stdoutOf(["--help"])}\`\`\`\n`;
  for (const { path } of commands) {
    text += `\n## ${path.join(" ")}\n\n\`\`\`text\n${await stdoutOf([...path, "--help"])}\`\`\`\n`;
  }
  return text;
}

test("docs/etcdctl-lite.md says what --help says", async () => {
  const written = await readFile(page, "utf8");
  const [preface = ""] = written.split(endOfPreface);
  const expected = `${preface}${endOfPreface}${await helpPages()}`;
  if (process.env["WRITE_DOCS"] === "1") await writeFile(page, expected);
  else expect(written).toBe(expected);
});

describe("every command", () => {
  test.each(commands.map(({ path, node }) => ({ name: path.join(" "), node })))(
    "$name has examples that begin with its name",
    async ({ name, node }) => {
      const { command } = await node.load();
      expect(command.examples?.length ?? 0).toBeGreaterThan(0);
      for (const [line] of command.examples ?? []) expect(line.startsWith(name)).toBe(true);
    },
  );
});
