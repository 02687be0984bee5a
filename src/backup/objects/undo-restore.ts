/**
 * The undo file of a restore of objects, a line of JSON for each object written, in order, and how it is reverted.
 *
 *   {resource, namespace, name, uid}            it was created: deleted again, if it is still that object
 *   {…, before}                                 it was overwritten: gets its previous state back
 */
import { type FileHandle, readFile } from "node:fs/promises";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import type { ResourceStore } from "../../resource/contract/contract.ts";
import type { Store } from "../../resource/contract/store.ts";
import { definitionOf } from "../../resource/model/define-kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { type HasStoredSource, type StoredSource, storedSource } from "../../storage/seam/stored.ts";
import { restored } from "./restored-object.ts";

export interface UndoEntry {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly before?: AnyResource | undefined;
}

/** Reverts a restore by its undo file: deletes created objects, gives overwritten ones their previous state. */
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
  const lines = (await readFile(undoPath, "utf8")).split("\n").filter((line) => line !== "");
  const failed: { key: string; error: unknown }[] = [];
  let undone = 0;
  for (const line of lines.reverse()) {
    const entry = JSON.parse(line) as UndoEntry;
    const kind = to.kinds.find((candidate) => definitionOf(candidate).resource === entry.resource);
    if (kind === undefined) continue;
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

export async function note(undo: FileHandle | undefined, entry: UndoEntry): Promise<void> {
  await undo?.appendFile(`${JSON.stringify(entry)}\n`);
}

/** The seam of a store made by createStore. @throws INVALID_ARGUMENT for any other */
export function sourceOf(store: Store): StoredSource {
  const source = (store as Partial<HasStoredSource>)[storedSource];
  if (source !== undefined) return source;
  throw invalidArgument("to", "Cannot restore objects: the target is no store that createStore made");
}
