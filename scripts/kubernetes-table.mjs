#!/usr/bin/env node
/**
 * `npm run kubernetes:table`: makes src/kubernetes/types/table/ from the struct tags of Kubernetes' Go types.
 *
 *   npm run kubernetes:table                     writes it
 *   npm run kubernetes:table -- --check          reports differences from the checked-in files, exit code 1
 *   npm run kubernetes:table -- --from FOLDER    reads an unpacked copy of the packages: FOLDER/usr/share/gocode/src
 *
 * The types come from Debian's packages of them (suite sid), fetched like etcd and never committed; types that the
 * newest release no longer has come from scripts/kubernetes/older-types.txt. Every field number is compared with the
 * .proto files beside the types.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareWithProto } from "./kubernetes/compare-proto.mjs";
import { fetchTypePackages } from "./kubernetes/fetch-types.mjs";
import { joinFacts, readFacts } from "./kubernetes/older-types.mjs";
import { readSources } from "./kubernetes/read-sources.mjs";
import { tableModules } from "./kubernetes/table-modules.mjs";
import { typeFacts } from "./kubernetes/type-facts.mjs";
import { projectFolder, shownPath } from "./setup/find-etcd.mjs";
import { SetupError, say } from "./setup/report.mjs";
import { launch } from "./setup/set-up.mjs";

const tableFolder = join(projectFolder, "src", "kubernetes", "types", "table");
const olderFacts = join(projectFolder, "scripts", "kubernetes", "older-types.txt");

await launch(async () => {
  const { values } = parseArgs({
    options: { check: { type: "boolean", default: false }, from: { type: "string" } },
  });
  const { root, versions } =
    values.from === undefined
      ? await fetchTypePackages({ newest: true })
      : { root: values.from, versions: ["a local copy"] };
  const sources = readSources(root);
  const newest = typeFacts(sources.packages);
  const differences = compareWithProto(newest, sources.protos);
  if (differences.length > 0) {
    throw new SetupError(`the struct tags and the .proto files disagree:\n${differences.join("\n")}`);
  }
  const facts = joinFacts(newest, readFacts(readFileSync(olderFacts, "utf8")));
  const modules = tableModules(facts, [...versions, "older releases: scripts/kubernetes/older-types.txt"]);
  const lines = [...facts.values()].flat();
  const messages = lines.filter((line) => line.startsWith("message ")).length;
  const fields = lines.filter((line) => line.startsWith(" ")).length;
  say(`${facts.size} packages, ${messages} messages, ${fields} fields, as the .proto files have them`);
  if (values.check) checkTable(modules);
  else writeTable(modules);
});

/** @param {ReadonlyMap<string, string>} modules */
function writeTable(modules) {
  rmSync(tableFolder, { recursive: true, force: true });
  mkdirSync(tableFolder, { recursive: true });
  for (const [name, text] of modules) writeFileSync(join(tableFolder, name), text);
  say(`written: ${shownPath(tableFolder)}`);
}

/** @param {ReadonlyMap<string, string>} modules */
function checkTable(modules) {
  const stored = readdirSync(tableFolder);
  const differing = [...new Set([...stored, ...modules.keys()])].filter(
    (name) => !stored.includes(name) || readFileSync(join(tableFolder, name), "utf8") !== modules.get(name),
  );
  if (differing.length > 0) {
    throw new SetupError(`the table is not what the packages give: ${differing.sort().join(", ")}`);
  }
  say("the table is what the packages give, byte for byte");
}
