/** Where vitest's program is. A function: set-up may have to install it first. */
import { createRequire } from "node:module";
import { join } from "node:path";

/** @returns {string} to be run by a Node of the caller's choice */
export function vitestMain() {
  return join(createRequire(import.meta.url).resolve("vitest/package.json"), "..", "vitest.mjs");
}
