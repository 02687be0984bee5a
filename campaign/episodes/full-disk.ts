/** F14: the disk under one member is full. The other two continue; once it has space again, it returns with all data. */
import { execFile, execFileSync } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { dataFolder } from "../cluster/campaign-cluster.ts";
import { Relic } from "../traffic/kinds.ts";
import { type Act, broken, codeOf, type Play, type Scene, until } from "./episode.ts";

const run = promisify(execFile);
const fullDisk = { kind: "F14", name: "disk full under one member" } as const;

/** etcd allocates 64 MB at a time for its log, twice at the start. */
const diskBytes = 224 * 1024 * 1024;
const victim = 1;
const timeoutMs = 20_000;
const blockBytes = 1024 * 1024;
const putBytes = 400_000;

export const fullDiskPlay: Play = {
  name: "a full disk",
  episodes: [fullDisk],
  prepare: async (folder) => {
    const disk = join(dataFolder(folder), `m${victim}`);
    await mkdir(disk, { recursive: true, mode: 0o700 });
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=700`, "keelson", disk]);
    } catch (error) {
      return { lacks: `a disk of its own cannot be mounted here: ${String(error).split("\n")[0]}` };
    }
    // However this process ends, nothing stays mounted.
    const [unmount = "", ...args] = ["umount", "-l", disk];
    const atExit = (): void => {
      execFileSync(unmount, args);
    };
    process.once("exit", atExit);
    return {
      cluster: {},
      cleanUp: async () => {
        process.off("exit", atExit);
        await run(unmount, args);
      },
    };
  },
  forgiven: (text) => /no space left on device/i.test(text),
  act: (scene) => scene.episode(fullDisk, `m${victim}`, () => fill(scene)),
};

async function fill(scene: Scene): Promise<Act> {
  const { cluster, store } = scene.stage;
  const member = cluster.member(victim);
  const filler = join(member.dataDir, "filler");
  let ended: { readonly code: number | null } | undefined;
  void member.exited.then((exit) => {
    ended = exit;
  });
  await fillFile(filler);
  const value = new Uint8Array(putBytes).fill(7);
  await until("the member ends for want of space", async () => {
    await codeOf(scene.etcd.kv.put({ key: "/fill", value }, { timeoutMs }));
    return ended !== undefined;
  });
  const created = await codeOf(scene.relic());
  const listed = await codeOf(store.resources(Relic).list({ timeoutMs }));
  await rm(filler);
  await member.restart();
  return {
    bite: `the member ended with code ${ended?.code}`,
    broken: broken(
      [created === "OK", `with two members of three a create got ${created}`],
      [listed === "OK", `with two members of three a list got ${listed}`],
    ),
  };
}

/** Writes until the disk is full. */
async function fillFile(path: string): Promise<void> {
  const file = await open(path, "w");
  const block = new Uint8Array(blockBytes).fill(1);
  try {
    for (let size = blockBytes; size >= 512; ) {
      const failed = await file.write(block, 0, size).then(
        ({ bytesWritten }) => bytesWritten < size,
        () => true,
      );
      if (failed) size >>= 1;
    }
  } finally {
    await file.close();
  }
}
