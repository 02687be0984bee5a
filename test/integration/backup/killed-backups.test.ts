/**
 * `backup create`, killed at one operation on a file after the other: what is in the repository then are whole backups,
 * nothing lies in the clear beside an encrypted one, and a dead lock goes to one claimant.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BackupRepository, openRepository } from "keelson/backup";
import { startLocalEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, test } from "vitest";
import { clientOf, tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { buildProject, projectFolder } from "../../support/project-run.ts";

const main = join(projectFolder, "dist", "tools", "etcdctl-lite", "main.js");
const marker = "lies-in-the-clear";
/** Points at which it is killed, spread over all of its operations. */
const killsMax = 12;

/** Loaded before the program: counts what is done to files below a folder, and kills the process at the count asked for. */
const preload = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const { KILL_BELOW: below, KILL_AT: at } = process.env;
let count = 0;
const step = () => {
  if (++count === Number(at)) process.kill(process.pid, "SIGKILL");
};
for (const name of ["open", "link", "unlink", "rename", "rm", "mkdir", "writeFile"]) {
  const real = fs.promises[name];
  fs.promises[name] = async (path, ...rest) => {
    const counts = String(path).startsWith(below);
    if (counts) step();
    const found = await real(path, ...rest);
    if (name !== "open" || !counts) return found;
    const write = found.write.bind(found);
    found.write = async (...part) => {
      step();
      return write(...part);
    };
    return found;
  };
}
syncBuiltinESMExports();
process.on("exit", () => fs.writeSync(2, "operations " + count + "\\n"));
`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly operations: number;
  readonly text: string;
}

async function create(
  endpoint: string,
  directory: string,
  flags: readonly string[],
  killAt = 0,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [
      ...["--import", `data:text/javascript,${encodeURIComponent(preload)}`, main],
      ...[`--endpoints=${endpoint}`, "backup", "create", "--repository", directory, ...flags],
    ],
    {
      env: { ...process.env, KILL_BELOW: directory, KILL_AT: `${killAt}` },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (part: Buffer) => {
      text += part.toString();
    });
  }
  await once(child, "close");
  const operations = Number(/operations (\d+)/.exec(text)?.[1] ?? 0);
  return { code: child.exitCode, signal: child.signalCode, operations, text };
}

async function filesWithMarker(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(marker)) found.push(path);
  }
  return found;
}

beforeAll(buildProject, 300_000);

describe.each(["encrypted", "plain"])("backup create into a repository that is %s", (form) => {
  test("is killed at any point and leaves whole backups, and a lock for one claimant", async () => {
    await using folder = await tempFolder();
    const directory = join(folder.path, "repository");
    const key = randomBytes(32);
    const keyFile = join(folder.path, "key");
    await writeFile(keyFile, key, { mode: 0o600 });
    const flags = form === "encrypted" ? ["--encryption-key-file", keyFile] : [];
    await using local = await startLocalEtcd();
    await using etcd = await clientOf(local);
    const [endpoint = ""] = local.endpoints;
    const put = (n: number): Promise<unknown> =>
      etcd.kv.put({ key: `/secret/${n}`, value: `${marker} ${n} ${randomBytes(2_000).toString("hex")}` });
    for (let n = 0; n < 50; n++) await put(n);
    const whole = await create(endpoint, directory, flags);
    expect(whole, whole.text).toMatchObject({ code: 0 });
    expect(whole.operations).toBeGreaterThan(killsMax);
    const open = (): Promise<BackupRepository> =>
      openRepository({ directory, ...(form === "encrypted" ? { encryptionKey: key } : {}) });
    const clear = async (): Promise<void> => {
      if (form === "encrypted") expect(await filesWithMarker(directory)).toEqual([]);
    };
    const points = form === "encrypted" ? killsMax : killsMax / 2;
    let killed = 0;
    for (let point = 0; point < points; point++) {
      // Something new each time, so that there is something to be written at every point.
      await put(1_000 + point);
      const killAt = 1 + Math.floor((point * whole.operations) / points);
      const ended = await create(endpoint, directory, flags, killAt);
      if (ended.signal === "SIGKILL") killed++;
      else expect(ended, ended.text).toMatchObject({ code: 0 });
      await clear();
      expect(await (await open()).verify()).toEqual({ ok: true, problems: [] });
    }
    expect(killed).toBeGreaterThan(points / 2);
    // The lock of the one that died last is there, or was given back: one of them at a time has it.
    const claimants = await Promise.all([0, 1, 2].map(() => create(endpoint, directory, flags)));
    const done = claimants.filter(({ code }) => code === 0);
    for (const { code, text } of claimants) if (code !== 0) expect(text).toContain("is writing to it");
    expect(done.length).toBeGreaterThan(0);
    const repository = await open();
    const before = (await repository.list()).length;
    expect(await create(endpoint, directory, flags)).toMatchObject({ code: 0 });
    expect(await repository.list()).toHaveLength(before + 1);
    expect(await repository.verify()).toEqual({ ok: true, problems: [] });
    expect((await readdir(directory)).filter((name) => name.startsWith("lock"))).toEqual([]);
    await clear();
  }, 300_000);
});
