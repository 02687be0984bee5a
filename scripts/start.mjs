#!/usr/bin/env node
/**
 * `npm start`: sets up what is missing, then runs the tour (tools/tour) in this very process.
 *
 * It uses this process, so that signals and exit codes are those of the tour. With `--endpoints` it uses an existing
 * cluster and fetches no etcd.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectFolder } from "./setup/find-etcd.mjs";
import { launch, setUp } from "./setup/set-up.mjs";

await launch(async () => {
  const hasCluster = process.argv.some((argument) => /^--endpoints(=|$)/.test(argument));
  const etcd = await setUp({ etcd: !hasCluster });
  if (etcd !== undefined) process.env["KEELSON_ETCD"] = etcd.binary;
  await import(pathToFileURL(join(projectFolder, "dist", "tools", "tour", "main.js")).href);
});
