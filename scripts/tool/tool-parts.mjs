/**
 * Parts that a bundle of etcdctl-lite contains instead of separate files: its version, and the files of its page. Its
 * etcd client uses HTTP/2: etcd3's transport is left out.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../setup/find-etcd.mjs";

const page = join(projectFolder, "tools", "etcdctl-lite", "commands", "ui", "page");

/**
 * @param {string} version
 * @returns {import("esbuild").Plugin[]}
 */
export const toolParts = (version) => [ownVersion(version), pageFiles(), withoutEtcd3()];

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
function pageFiles() {
  return {
    name: "page-files",
    setup(bundle) {
      bundle.onLoad({ filter: /commands\/ui\/page-assets\.ts$/ }, () => {
        const files = readdirSync(page, { recursive: true, encoding: "utf8" })
          .filter((name) => statSync(join(page, name)).isFile())
          .map((name) => [name.replaceAll("\\", "/"), readFileSync(join(page, name), "utf8")]);
        const contents = `const files = new Map(${JSON.stringify(files)});
export const readPageFile = async (name) => files.get(name);`;
        return { contents, watchFiles: files.map(([name = ""]) => join(page, name)) };
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
