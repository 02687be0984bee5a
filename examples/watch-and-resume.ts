/**
 * List, then watch from the list's version: no change between the two is lost. Leave the watch, and later resume from
 * the last version seen: every change arrives exactly once.
 */
import { createStore, defineKind, type Resource, type ResourceStore } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Note extends Resource {
  text: string;
}
const noteKind = defineKind<Note>({
  version: "v1",
  kind: "Note",
  plural: "notes",
  scope: "Namespaced",
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [noteKind] });
const notes = store.resources(noteKind);
const write = (name: string, text: string): Promise<Note> =>
  notes.create({ metadata: { namespace: "default", name }, text });

await write("one", "there before the list");
const { items, resourceVersion } = await notes.list({ namespace: "default" });
console.log(`listed ${items.length} note at version ${resourceVersion}`);

await write("two", "written between list and watch");
await write("three", "written between list and watch");
const last = await follow(notes, resourceVersion, 2);

await write("four", "written while no watch was open");
await notes.delete({ namespace: "default", name: "one" });
await follow(notes, last, 2);

/** Reads `count` changes after `from`; returns the version to resume from. */
async function follow(reader: ResourceStore<Note>, from: string, count: number): Promise<string> {
  let version = from;
  let left = count;
  const signal = AbortSignal.timeout(30_000);
  for await (const event of reader.watch({ namespace: "default", resourceVersion: from, signal })) {
    version = event.resourceVersion;
    if (event.type === "BOOKMARK") continue;
    console.log(`${event.type.padEnd(8)} ${event.object.metadata.name}, version ${version}`);
    if (--left === 0) return version;
  }
  throw new Error(`the watch ended with ${left} changes missing`);
}
