#!/usr/bin/env node
/**
 * `npm run check:package`: checks the packed tarball as other tools see it. publint reads its package.json and files,
 * "are the types wrong" resolves every entry point as each kind of importer does.
 *
 * require() of an ES module is what Node 20.19 and later do; older resolutions (node10) know no `exports` and are not
 * supported.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { projectFolder } from "./setup/find-etcd.mjs";

const run = promisify(execFile);
/** CJSResolvesToESM: wanted, see above. */
const ignoredTypeProblems = new Set(["CJSResolvesToESM"]);

const folder = await mkdtemp(join(tmpdir(), "keelson-pack-"));
try {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: projectFolder,
  });
  const [packed] = JSON.parse(stdout);
  const tarball = await readFile(join(folder, packed.filename));
  const manifest = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8"));
  const found = [...(await packagingFaults(tarball, manifest)), ...(await typeFaults(tarball))];
  for (const fault of found) process.stdout.write(`${fault}\n`);
  const megabytes = (packed.unpackedSize / 1e6).toFixed(1);
  process.stdout.write(
    `package: ${packed.files.length} files, ${megabytes} MB unpacked, ${found.length} problems found by publint and attw\n`,
  );
  if (found.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** @param {Buffer} tarball @param {object} manifest @returns {Promise<readonly string[]>} */
async function packagingFaults(tarball, manifest) {
  const { messages } = await publint({ pack: { tarball: arrayBufferOf(tarball) }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, manifest) ?? message.code}`);
}

/** @param {Buffer} tarball @returns {Promise<readonly string[]>} */
async function typeFaults(tarball) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (analysis.types === false) return ["attw: the package has no types"];
  return analysis.problems
    .filter((problem) => !ignoredTypeProblems.has(problem.kind))
    .filter((problem) => !("resolutionKind" in problem && problem.resolutionKind === "node10"))
    .map(
      (problem) =>
        `attw: ${problem.kind} ${JSON.stringify("entrypoint" in problem ? problem.entrypoint : problem)}`,
    );
}

/** @param {Buffer} buffer */
function arrayBufferOf(buffer) {
  return /** @type {ArrayBuffer} */ (
    buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength)
  );
}
