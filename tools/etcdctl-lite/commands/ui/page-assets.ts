/**
 * The page's own files, served as they are. Bundles carry their text instead (scripts/tool/bundle-tool.mjs replaces this file),
 * so nothing lies beside them.
 */
import { readFile } from "node:fs/promises";

const names = /^[a-z-]+\.(?:html|css|js|svg)$/;

/** @returns undefined for a file that is none of the page's */
export async function readPageFile(name: string): Promise<string | undefined> {
  if (!names.test(name)) return undefined;
  try {
    return await readFile(new URL(`./page/${name}`, import.meta.url), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
