#!/usr/bin/env node
/**
 * `npm run bundle`: etcdctl-lite as one file, dist/etcdctl-lite.mjs, which any Node >= 20.19 runs without node_modules, and its package
 * in dist/packages/etcdctl-lite.
 *
 * The library is bundled from source. etcd3's transport is left out: the tool does not use it. Where Node has a compile
 * cache (22.8), the file turns it on, so that the next start need not compile.
 */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { projectFolder } from "./setup/find-etcd.mjs";
import { toolParts } from "./tool/tool-parts.mjs";

const target = join(projectFolder, "dist", "etcdctl-lite.mjs");
const folder = join(projectFolder, "dist", "packages", "etcdctl-lite");
const { version, license, engines } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));

await build({
  entryPoints: [join(projectFolder, "tools", "etcdctl-lite", "main.ts")],
  outfile: target,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  conditions: ["keelson-source"],
  plugins: toolParts(version),
  legalComments: "inline",
  banner: {
    js: [
      'import * as keelsonModule from "node:module";',
      "keelsonModule.enableCompileCache?.();",
      "const require = keelsonModule.createRequire(import.meta.url);",
    ].join("\n"),
  },
});
chmodSync(target, 0o755);

mkdirSync(folder, { recursive: true });
cpSync(join(projectFolder, "packages", "etcdctl-lite"), folder, { recursive: true });
copyFileSync(target, join(folder, "etcdctl-lite.mjs"));
copyFileSync(join(projectFolder, "LICENSE"), join(folder, "LICENSE"));
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
writeFileSync(
  join(folder, "package.json"),
  `${JSON.stringify({ ...manifest, version, license, engines }, undefined, 2)}\n`,
);
