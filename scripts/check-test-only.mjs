#!/usr/bin/env node
/** `npm run check:dead`, after knip: names the code of src and tools that only tests use. The rules are in scripts/dead/. */
import { testOnly } from "./dead/test-only.mjs";

const unused = testOnly();
for (const { place, name } of unused) process.stdout.write(`${place}: no code but tests uses ${name}\n`);
process.stdout.write(`test-only code: ${unused.length} places\n`);
process.exitCode = unused.length === 0 ? 0 : 1;
