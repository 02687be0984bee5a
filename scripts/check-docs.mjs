#!/usr/bin/env node
/**
 * `npm run check:docs`: every export of every entry point, and every public member of it, has a doc comment.
 */
import { publicSymbols } from "./docs/public-symbols.mjs";

const symbols = publicSymbols();
const bare = symbols.filter(({ comment }) => comment === "");
for (const { entry, name, place } of bare)
  process.stdout.write(`${place}: ${entry} ${name} has no doc comment\n`);
const exported = symbols.filter(({ name }) => !name.includes(".")).length;
process.stdout.write(
  `docs: ${exported} exports with ${symbols.length - exported} members, ${bare.length} without a doc comment\n`,
);
if (bare.length > 0) process.exitCode = 1;
