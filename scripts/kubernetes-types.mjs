#!/usr/bin/env node
/**
 * Prints the folder of Kubernetes' Go types and their corpus of encoded objects, fetched if missing; the last line of
 * stderr is the reason if that fails. `npm run test:kubernetes` and its tests call it.
 */
import { fetchTypePackages } from "./kubernetes/fetch-types.mjs";
import { launch } from "./setup/set-up.mjs";

await launch(async () => {
  const { root } = await fetchTypePackages();
  process.stdout.write(`${root}\n`);
});
