/**
 * What all tests of a file or a `describe` share: opened by its hooks before the first of them, closed after the last. What
 * is opened later is closed earlier.
 *
 *   const folder = folderForAll();      // at the top of the block
 *   … join(folder.path, "backup.db")    // in a test or a later hook
 */
import { afterAll, beforeAll } from "vitest";
import { tempFolder } from "./etcd/snapshot-lab.ts";

/** A temporary folder. */
export function folderForAll(): { readonly path: string } {
  const folder = forAll(tempFolder);
  return {
    get path() {
      return folder().path;
    },
  };
}

/** Gives what `open` gave; it can be asked from the first test or later hook on. */
export function forAll<T extends AsyncDisposable>(open: () => Promise<T>): () => T {
  let opened: T | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
  });
  return () => {
    if (opened === undefined) throw new Error("it is open from the first test of its block to the last");
    return opened;
  };
}
