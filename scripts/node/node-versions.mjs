/** Node programs of other versions, from npm packages, kept in .cache/node. */
import { execFile } from "node:child_process";
import { access, chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "../setup/find-etcd.mjs";
import { SetupError, say } from "../setup/report.mjs";

const run = promisify(execFile);
const cache = join(projectFolder, ".cache", "node");

/**
 * @param {string} wanted "20.19", "22", "24.3.0": the newest that it names
 * @returns {Promise<string>} path of the program
 */
export async function nodeOf(wanted) {
  const folder = join(cache, wanted);
  const program = join(folder, "package", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (await isThere(program)) return program;
  const name = `node-${process.platform}-${process.arch}@${wanted}`;
  say(`fetching ${name}`);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await run("npm", ["pack", name, "--silent"], { cwd: partial });
    const [archive = ""] = (await readdir(partial)).filter((file) => file.endsWith(".tgz"));
    await run("tar", ["-xzf", archive], { cwd: partial });
    await rm(join(partial, archive));
  } catch (error) {
    throw new SetupError(`Cannot fetch ${name} from npm: ${error instanceof Error ? error.message : error}`);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  await chmod(program, 0o755);
  return program;
}

/** @param {string} path */
function isThere(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
