#!/usr/bin/env node
/**
 * `node scripts/chromium.mjs`: a Chromium for tests, fetched if there is none, as one line of JSON: { executable, env
 * }. Exits with 1 and a message if none is available.
 */
import { fetchChromium } from "./setup/fetch-chromium.mjs";
import { launch } from "./setup/set-up.mjs";

await launch(async () => {
  process.stdout.write(`${JSON.stringify(await fetchChromium())}\n`);
});
