#!/usr/bin/env node
/**
 * `node scripts/chromium.mjs`: a Chromium for tests, fetched where there is none, as one line of JSON: { executable, env }.
 * Ends with 1 and a sentence where none can be had.
 */
import { fetchChromium } from "./setup/fetch-chromium.mjs";
import { launch } from "./setup/set-up.mjs";

await launch(async () => {
  process.stdout.write(`${JSON.stringify(await fetchChromium())}\n`);
});
