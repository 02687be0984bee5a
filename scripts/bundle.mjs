#!/usr/bin/env node
/**
 * `npm run bundle`: etcdctl-lite as one file, dist/etcdctl-lite.mjs, which any Node >= 20.19 runs without node_modules, and its package
 * in dist/packages/etcdctl-lite.
 *
 * The library is bundled from source. etcd3's transport stays out: the tool does not use it. Where Node has a compile cache (22.8), the
 * file turns it on, so that the next start need not compile.
 */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { projectFolder } from "./setup/find-etcd.mjs";

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
  plugins: [ownVersion(version), withoutEtcd3()],
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

/**
 * The version as text: there is no package.json beside a file that stands alone.
 *
 * @param {string} version
 * @returns {import("esbuild").Plugin}
 */
function ownVersion(version) {
  const asked = 'createRequire(import.meta.url)("keelson/package.json")';
  return {
    name: "own-version",
    setup(bundle) {
      bundle.onLoad({ filter: /commands\/version\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (!text.includes(asked)) throw new Error(`${path} asks for its version in another way`);
        return { contents: text.replace(asked, JSON.stringify({ version })), loader: "ts" };
      });
    },
  };
}

/** @returns {import("esbuild").Plugin} */
function withoutEtcd3() {
  return {
    name: "without-etcd3",
    setup(bundle) {
      bundle.onLoad({ filter: /transport\/etcd3\/transport\.ts$/ }, () => ({
        contents: 'export const createEtcd3Transport = () => { throw new Error("not part of this file"); };',
      }));
    },
  };
}
