#!/usr/bin/env node
/**
 * `npm run check:docs`: every export of every entry point, and every public member of it, has a doc comment; docs/api
 * is rendered from them. `npm run docs` (`--write`) renders it again. Links of all pages and the examples in doc
 * comments are tests (test/unit/scripts).
 */
import { outdatedPages, renderReference, writeReference } from "./docs/api-reference.mjs";
import { publicSymbols } from "./docs/public-symbols.mjs";

const symbols = publicSymbols();
const bare = symbols.filter(({ comment }) => comment === "");
for (const { entry, name, place } of bare)
  process.stdout.write(`${place}: ${entry} ${name} has no doc comment\n`);
const exported = symbols.filter(({ name }) => !name.includes(".")).length;
process.stdout.write(
  `docs: ${exported} exports with ${symbols.length - exported} members, ${bare.length} without a doc comment\n`,
);

const pages = await renderReference();
if (process.argv.includes("--write")) await writeReference(pages);
const outdated = await outdatedPages(pages);
for (const path of outdated)
  process.stdout.write(`docs/api/${path} is not what the doc comments say: npm run docs\n`);
if (bare.length > 0 || outdated.length > 0) process.exitCode = 1;
