/** Saves a snapshot of the whole etcd, verifies it against the live one, and reads its status from the file. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { inspectSnapshot, saveSnapshot } from "keelson/backup";
import type { Step } from "../step.ts";

export const snapshot: Step = {
  id: "snapshot",
  title: "Save a snapshot and read its status",
  async run({ etcd, session, store, signal, say, fact, expect }) {
    const path = join(session.folder, "snapshot.db");
    await rm(path, { force: true });
    const before = BigInt(await store.currentResourceVersion({ signal }));
    const saved = await saveSnapshot(etcd, path, { signal });
    const { hash, revision, totalKey, records, liveKeys, totalSize } = await inspectSnapshot(path);
    const megabytes = (totalSize / 1e6).toFixed(1);
    say(path);
    say(
      `hash ${hash.toString(16)}, revision ${revision}, ${records} records of ${liveKeys} keys, ${megabytes} MB`,
    );
    fact("path", path);
    fact("hash", hash);
    fact("revision", revision);
    fact("totalKey", totalKey);
    fact("totalSize", totalSize);
    fact("proved", saved.proved);
    expect(BigInt(revision) >= before, `it holds everything up to version ${before}`);
    expect(saved.proved === "live", "its contents have the hash that etcd gives for the same revision");
    if (session.etcdctl === undefined) return;
    const tool = snapshotTool(session.etcdctl);
    const { stdout } = await promisify(execFile)(tool, ["snapshot", "status", path, "--write-out=json"], {
      env: { ...process.env, ETCDCTL_API: "3" },
      signal,
    });
    const status: unknown = JSON.parse(stdout);
    const same =
      typeof status === "object" && status !== null && "hash" in status && "totalKey" in status
        ? status.hash === hash && status.totalKey === totalKey
        : false;
    expect(same, `${basename(tool)} snapshot status reads the same hash and count`);
  },
};

/** etcdutl has this command from 3.5 on, and is the only one from 3.6 on; older versions use etcdctl. */
function snapshotTool(etcdctl: string): string {
  const etcdutl = join(dirname(etcdctl), "etcdutl");
  return existsSync(etcdutl) ? etcdutl : etcdctl;
}
