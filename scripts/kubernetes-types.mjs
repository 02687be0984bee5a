#!/usr/bin/env node
/**
 * Prints the folder of Kubernetes' Go types and their corpus of encoded objects, fetched when it is not there yet; the last
 * line of stderr says why it cannot be had. `npm run test:kubernetes` and its tests call it.
 */
import { fetchTypePackages } from "./kubernetes/fetch-types.mjs";
import { launch } from "./setup/set-up.mjs";

await launch(async () => {
  const { root } = await fetchTypePackages();
  process.stdout.write(`${root}\n`);
});
