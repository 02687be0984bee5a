/**
 * etcdctl-lite in the package: dist/tools/etcdctl-lite/main.js, and a few files with the code that commands share. A
 * command loads only what it needs; a start that opens two hundred files of the library takes twice as long.
 */
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { directImports } from "./direct-imports.mjs";
import { toolParts } from "./tool-parts.mjs";

/** @param {string} project */
export async function splitTool(project) {
  const folder = join(project, "dist", "tools", "etcdctl-lite");
  const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  rmSync(folder, { recursive: true, force: true });
  await build({
    entryPoints: [join(project, "tools", "etcdctl-lite", "main.ts")],
    outdir: folder,
    chunkNames: "parts/[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    conditions: ["keelson-source"],
    external: ["yaml", "aws4", "croner", "lru-cache", "@noble/ciphers"],
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [...toolParts(version), directImports()],
    legalComments: "inline",
    logLevel: "warning",
  });
  chmodSync(join(folder, "main.js"), 0o755);
}
