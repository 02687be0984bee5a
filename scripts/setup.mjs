#!/usr/bin/env node
/**
 * `npm run setup`: fetches what a fresh checkout lacks (npm packages, etcd), and compiles.
 *
 *   npm run setup                      what start and test need; they run it themselves
 *   npm run setup -- --etcd 3.4        also an etcd of that version for the version matrix; repeatable
 *   npm run setup -- --kubectl 1.36    also a kubectl for the tests of the example API server; repeatable
 *
 * Needs nothing but Node and npm. Etcd comes from KEELSON_ETCD, PATH, .cache/etcd or the system's package
 * manager, without root and without installing anything.
 */
import { parseArgs } from "node:util";
import { fetchKubectl } from "./kubernetes/fetch-kubectl.mjs";
import { SetupError } from "./setup/report.mjs";
import { launch, setUp } from "./setup/set-up.mjs";

const usage = `Usage: npm run setup -- [--etcd VERSION]... [--kubectl VERSION]... [--no-build]

  --etcd VERSION   fetch an etcd of this version too: 3.4, 3.5, 3.5.30 (repeatable)
  --kubectl VERSION  fetch a kubectl too: 1.36, 1.32, 1.20 (repeatable)
  --no-build       do not compile
  --help
`;

await launch(async () => {
  const { etcd, kubectl, help, noBuild } = readArguments();
  if (help) {
    process.stdout.write(usage);
    return;
  }
  await setUp({ build: !noBuild });
  for (const version of etcd) await setUp({ version, build: false });
  for (const version of kubectl) await fetchKubectl(version);
});

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        etcd: { type: "string", multiple: true, default: [] },
        kubectl: { type: "string", multiple: true, default: [] },
        "no-build": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const wrong = values.etcd.find((version) => !/^\d+\.\d+(\.\d+)?$/.test(version));
    if (wrong !== undefined)
      throw new SetupError(`--etcd is "${wrong}", expected a version as 3.5 or 3.5.30`);
    return { etcd: values.etcd, kubectl: values.kubectl, help: values.help, noBuild: values["no-build"] };
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
