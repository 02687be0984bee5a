/**
 * Save a snapshot of a running etcd, verify it, restore it into a new data directory, and boot that; then restore one
 * namespace of it into the store, which keeps running.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, defineKind, type Resource } from "keelson";
import { restoreObjects, restoreSnapshot, saveSnapshot, verifySnapshot } from "keelson/backup";
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

const folder = await mkdtemp(join(tmpdir(), "keelson-example-"));
{
  await using local = await startLocalEtcd();
  await using etcd = await connectEtcd({ endpoints: local.endpoints });
  await using store = await createStore({ etcd, kinds: [noteKind] });
  const notes = store.resources(noteKind);
  await notes.create({ metadata: { namespace: "default", name: "kept" }, text: "before the backup" });

  const path = join(folder, "etcd.snapshot");
  const { revision, totalKey } = await saveSnapshot(etcd, path);
  console.log(`saved revision ${revision}, ${totalKey} keys`);
  const { ok, proved } = await verifySnapshot(path, { live: etcd });
  console.log(`proved beside the live data: ${ok} (${proved})`);

  await notes.delete({ namespace: "default", name: "kept" });
  const { created } = await restoreObjects({ snapshot: path }, store, {
    namespaces: ["default"],
    kinds: [noteKind],
    conflict: "fail",
  });
  const back = await notes.get({ namespace: "default", name: "kept" });
  console.log(`brought back into the live store: ${created}, "${back.text}"`);

  const dataDir = join(folder, "restored");
  await restoreSnapshot(path, { dataDir });
  await using booted = await startLocalEtcd({ dataDir });
  await using other = await connectEtcd({ endpoints: booted.endpoints });
  const { kvs } = await other.kv.range({ key: "/registry/notes/default/kept" });
  console.log(`restored whole and booted: the note is ${kvs.length === 1 ? "there" : "missing"}`);
}
await rm(folder, { recursive: true });
