/** A real etcd started on a snapshot that was restored to a scratch directory, for proofs of a backup. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectEtcd } from "../../etcd/connect-etcd.ts";
import { startLocalEtcd } from "../../etcd/local/local-etcd.ts";
import { freePort } from "../../etcd/local/local-ports.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { SnapshotFile } from "../database/snapshot-file.ts";
import { restoreFrom } from "../restore/restore.ts";

export interface BootedCopy extends AsyncDisposable {
  readonly etcd: Etcd;
  readonly endpoint: string;
  readonly version: string;
}

/**
 * The copy keeps the snapshot's revisions; passwords are off, since they are not known here. Disposing of it stops the
 * etcd and removes the directory.
 * @param options.binary the `etcd` program; default: the one `startLocalEtcd` finds
 */
export async function bootCopy(
  file: SnapshotFile,
  options: { readonly binary?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<BootedCopy> {
  const { binary, signal } = options;
  /** Actions to undo at the end, the last first. */
  const undo: (() => PromiseLike<void>)[] = [];
  const dispose = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    const scratch = await mkdtemp(join(tmpdir(), "keelson-verify-"));
    undo.push(() => rm(scratch, { recursive: true, force: true }));
    const peerPort = await freePort();
    const dataDir = join(scratch, "data");
    await restoreFrom(file, {
      initialCluster: `default=http://127.0.0.1:${peerPort}`,
      dataDirs: { default: dataDir },
      token: "keelson-verify",
      bumpRevision: false,
      withoutAuth: true,
      signal,
    });
    const local = await startLocalEtcd({ dataDir, peerPort, binary, signal });
    undo.push(() => local[Symbol.asyncDispose]());
    const [endpoint = ""] = local.endpoints;
    const etcd = await connectEtcd({ endpoints: endpoint, signal });
    undo.push(() => etcd[Symbol.asyncDispose]());
    return { etcd, endpoint, version: local.version, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
