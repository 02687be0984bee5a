/**
 * The undo file of a restore of objects, a line of JSON for each object written, in order, and how it is reverted.
 *
 *   {resource, namespace, name, uid}            it was created: deleted again, if it is still that object
 *   {…, before}                                 it was overwritten: gets its previous state back
 *
 * A restore that was killed may leave its last line cut: that line fails alone, and the others are reverted.
 */
import { type FileHandle, readFile } from "node:fs/promises";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { messageOf } from "../../base/text/message-of.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import type { ResourceStore } from "../../resource/contract/resource-store.ts";
import type { Store } from "../../resource/contract/store.ts";
import { definitionOf } from "../../resource/model/define-kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { hasStoredSource, type StoredSource, storedSource } from "../../storage/seam/stored.ts";
import { restored } from "./restored-object.ts";

export interface UndoEntry {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly before?: AnyResource | undefined;
}

/**
 * Reverts a restore by its undo file: deletes created objects, gives overwritten ones their previous state.
 * @throws INVALID_ARGUMENT for a file that cannot be read, or a store that createStore did not make
 */
export async function undoObjectRestore(
  undoPath: string,
  to: Store,
  options: Call = {},
): Promise<{
  /** Objects that are again as they were before the restore. */
  readonly undone: number;
  /** Objects that could not be reverted. */
  readonly failed: readonly {
    /** The entry of the undo file, cut to 200 characters. */
    key: string;
    /** The cause, usually a StoreError. */
    error: unknown;
  }[];
}> {
  checkOptions(options, "undo a restore of objects", callNames);
  using scope = new CallScope(options, sourceOf(to).clock, "undo a restore of objects");
  const { signal } = scope;
  const lines = await linesOf(undoPath);
  const failed: { key: string; error: unknown }[] = [];
  let undone = 0;
  for (const line of lines.reverse()) {
    const entry = entryOf(line);
    const kind = to.kinds.find((candidate) => definitionOf(candidate).resource === entry?.resource);
    if (entry === undefined || kind === undefined) {
      const reason =
        entry === undefined ? "the line is cut or damaged" : `no "${entry.resource}" are open in the store`;
      const error = invalidArgument("undoPath", `Cannot undo one object of the restore: ${reason}`);
      failed.push({ key: line.slice(0, 200), error });
      continue;
    }
    const store = to.resources(kind) as unknown as ResourceStore<AnyResource>;
    const key = { namespace: entry.namespace, name: entry.name };
    try {
      if (entry.before === undefined) {
        await store.delete(key, { preconditions: { uid: entry.uid }, signal });
      } else {
        const before = entry.before;
        await store.guaranteedUpdate(key, (current) => restored(before, current), {
          subresource: "all",
          signal,
        });
      }
      undone++;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isStoreError(error, "NOT_FOUND")) failed.push({ key: line.slice(0, 200), error });
    }
  }
  return { undone, failed };
}

/** @throws INVALID_ARGUMENT for a file that cannot be read */
async function linesOf(path: unknown): Promise<string[]> {
  if (typeof path !== "string") {
    throw invalidArgument(
      "undoPath",
      `Cannot undo a restore of objects: undoPath is ${quote(path)}, expected a path`,
    );
  }
  try {
    return (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  } catch (error) {
    throw invalidArgument("undoPath", `Cannot undo a restore of objects: ${messageOf(error)}`);
  }
}

function entryOf(line: string): UndoEntry | undefined {
  try {
    const entry = JSON.parse(line) as UndoEntry | null;
    return typeof entry?.name === "string" && typeof entry.uid === "string" ? entry : undefined;
  } catch {
    return undefined;
  }
}

export async function note(undo: FileHandle | undefined, entry: UndoEntry): Promise<void> {
  await undo?.appendFile(`${JSON.stringify(entry)}\n`);
}

/** The seam of a store made by createStore. @throws INVALID_ARGUMENT for any other */
export function sourceOf(store: Store): StoredSource {
  if (hasStoredSource(store)) return store[storedSource];
  throw invalidArgument("to", "Cannot restore objects: the target is no store that createStore made");
}
