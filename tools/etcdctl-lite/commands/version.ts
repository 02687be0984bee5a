/** `version`: prints the version of the compatible etcdctl, for scripts that check it. */
import type { Command } from "../cli/command.ts";

/** The etcdctl version with which command lines and output are compatible. */
const compatible = "3.5.30";

export const command: Command = {
  usage: "[options]",
  about: `Prints the version of etcdctl this tool is compatible with, ${compatible}, in etcdctl's words; --self prints its own.`,
  flags: [{ name: "self", type: "switch", summary: "this tool's own version" }],
  examples: [["version --self", "the version of keelson it came with"]],
  async run(session) {
    if (session.flags.on("self")) return session.line(`${session.io.program} ${await ownVersion()}`);
    session.line(`etcdctl version: ${compatible}`);
    session.line("API version: 3.5");
  },
};

/** From this program's package. */
export async function ownVersion(): Promise<string> {
  const { createRequire } = await import("node:module");
  const found: unknown = createRequire(import.meta.url)("keelson/package.json");
  const isPackage = typeof found === "object" && found !== null && "version" in found;
  return isPackage ? String(found.version) : "unknown";
}
