/** Installs the packed package in an empty project with `npm install`, and tries it with one Node. */
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { projectFolder } from "../setup/find-etcd.mjs";
import { ran } from "./run-program.mjs";

export const doors = ["", "/etcd", "/codec", "/kubernetes", "/backup", "/http", "/metrics", "/testing"];

/** @returns {Promise<{ folder: string, archive: string, remove: () => Promise<void> }>} a packed package */
export async function pack() {
  const folder = await mkdtemp(join(tmpdir(), "keelson-pack-"));
  await ran("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: projectFolder });
  const [archive = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  return {
    folder,
    archive: join(folder, archive),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * @param {string} archive
 * @param {string} node the program npm itself runs on
 * @returns {Promise<{ folder: string, remove: () => Promise<void> }>}
 */
export async function install(archive, node) {
  const folder = await mkdtemp(join(tmpdir(), "keelson-stranger-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "stranger", type: "module" }));
  const path = `${dirname(node)}${delimiter}${process.env["PATH"]}`;
  await ran("npm", ["install", "--no-audit", "--no-fund", "--silent", archive], {
    cwd: folder,
    env: { ...process.env, PATH: path },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * Without installing: for a Node that npm itself does not run on.
 * @param {string} archive
 */
export async function unpack(archive) {
  const folder = await mkdtemp(join(tmpdir(), "keelson-stranger-"));
  await ran("tar", ["-xzf", archive], { cwd: folder });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "stranger", type: "module" }));
  await symlink(join(projectFolder, "node_modules"), join(folder, "package", "node_modules"));
  return { folder: join(folder, "package"), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The example of the README, word for word. @returns {Promise<string>} */
export async function readmeExample() {
  const text = await readFile(join(projectFolder, "README.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  if (example === undefined) throw new Error("README.md has no example");
  return example;
}
