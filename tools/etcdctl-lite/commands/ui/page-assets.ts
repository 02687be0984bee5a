/**
 * The page's own files, served unchanged. Bundles contain their text instead (scripts/tool/bundle-tool.mjs replaces
 * this file), so they need no other files.
 */
import { readFile } from "node:fs/promises";

const names = /^(?:(?:base|views)\/)?[a-z-]+\.(?:html|css|js|svg)$/;

/** @returns undefined for any other file */
export async function readPageFile(name: string): Promise<string | undefined> {
  if (!names.test(name)) return undefined;
  try {
    return await readFile(new URL(`./page/${name}`, import.meta.url), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
