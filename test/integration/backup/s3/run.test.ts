/** Backups that run by themselves: a process killed again and again, one leader, drills that boot, damage that a drill finds. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drill, openRepository } from "keelson/backup";
import { beforeAll, expect, test } from "vitest";
import { etcdForAll } from "../../../support/etcd/real-etcd.ts";
import { tempFolder } from "../../../support/etcd/snapshot-lab.ts";
import { S3Server } from "../../../support/peers/s3-server.ts";
import { buildProject, projectFolder } from "../../../support/project-run.ts";

const main = join(projectFolder, "dist", "tools", "etcdctl-lite", "main.js");
const lab = etcdForAll();
beforeAll(buildProject);

test("a drill restores, boots and compares; a chunk that is damaged or missing is found", async () => {
  await using folder = await tempFolder();
  const directory = join(folder.path, "repository");
  const repository = await openRepository({ directory });
  await expect(drill(repository)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  for (let i = 0; i < 30; i++)
    await lab.etcd.kv.put({ key: `/registry/pods/shop/p${i}`, value: randomBytes(5_000) });
  await repository.backup(lab.etcd);
  await lab.etcd.kv.put({ key: "/registry/example.com/widgets/shop/w", value: "w" });
  await repository.delta(lab.etcd);
  const report = await drill(repository);
  expect(report).toMatchObject({ ok: true, problems: [], etcdVersion: lab.local.version });
  expect(report.kinds).toContainEqual(expect.objectContaining({ name: "pods", liveKeys: 30 }));
  expect(report.kinds).toContainEqual(expect.objectContaining({ name: "example.com/widgets", liveKeys: 1 }));
  const [backup] = await repository.list();
  const [chunk = ""] = backup?.chunks ?? [];
  const path = join(directory, "chunks", chunk.slice(0, 2), chunk);
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(path, bytes);
  expect(await drill(repository)).toMatchObject({ ok: false, revision: undefined });
});

interface Running {
  readonly process: ChildProcess;
  /** Resolves when what it has printed matches. */
  until(pattern: RegExp): Promise<void>;
  text(): string;
}

function start(args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (part: Buffer) => {
      text += part.toString();
      for (const look of waiting) look();
    });
  }
  return {
    process: child,
    text: () => text,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        child.once("exit", () => reject(new Error(`it ended with ${child.exitCode}:\n${text}`)));
        look();
      }),
  };
}

test("backup run: killed at any time it leaves whole backups, and the next process goes on", async () => {
  await using server = await S3Server.start();
  const [endpoint = ""] = lab.local.endpoints;
  const env = {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
  };
  const place = "s3://backups/run";
  const args = [
    ...[`--endpoints=${endpoint}`, "backup", "run", "--repository", place, "--delta", "1s", "--full", "1d"],
    ...["--verify", "", "--election", "", "--drill", "", "--keep-last", "3"],
  ];
  let written = 0;
  let covered = 0;
  const load = new AbortController();
  const writing = (async () => {
    for (; !load.signal.aborted; written++) {
      await lab.etcd.kv.put({ key: `/registry/pods/run/p${written}`, value: randomBytes(2_000) });
    }
  })();
  for (let kill = 0; kill < 4; kill++) {
    // A claim of the killed one dies by the server's clock.
    server.clockMs += 61_000;
    const running = start(args, env);
    await running.until(kill === 0 ? /full: .*revision \d+/ : /delta: .*revision \d+/);
    covered = Number([...running.text().matchAll(/revision (\d+)/g)].at(-1)?.[1]);
    running.process.kill("SIGKILL");
    await once(running.process, "exit");
  }
  load.abort();
  await writing;
  server.clockMs += 61_000;
  const { revision } = (await lab.etcd.kv.range({ key: "x" })).header;
  const last = start([...args, "--listen", "127.0.0.1:0"], env);
  await last.until(/delta: .*revision \d+/);
  last.process.kill("SIGTERM");
  await once(last.process, "exit");
  const repository = await openRepository({
    directory: place,
    s3: { endpoint: server.endpoint, credentials: server.credentials },
  });
  expect(await repository.verify()).toEqual({ ok: true, problems: [] });
  const report = await drill(repository);
  expect(report).toMatchObject({ ok: true, problems: [] });
  expect(Number(report.revision)).toBeGreaterThanOrEqual(covered);
  expect(BigInt(report.revision ?? 0)).toBeGreaterThanOrEqual(revision);
  // SIGTERM gave its lock back.
  expect([...server.objects.keys()].filter((key) => key.includes("/locks/"))).toEqual([]);
});

test("of two processes one leads; the other takes over when it ends, and serves what it does", async () => {
  await using folder = await tempFolder();
  const [endpoint = ""] = lab.local.endpoints;
  const args = [
    ...[`--endpoints=${endpoint}`, "backup", "run", "--repository", join(folder.path, "repository")],
    ...["--delta", "1s", "--drill", "", "--verify", "", "--status-file", join(folder.path, "status.json")],
  ];
  const one = start(args, {});
  await one.until(/leading[\s\S]*full: /);
  const two = start(args, {});
  await two.until(/waiting/);
  expect(two.text()).not.toContain("leading");
  one.process.kill("SIGTERM");
  await two.until(/leading/);
  await lab.etcd.kv.put({ key: "/registry/pods/two/p", value: "p" });
  await two.until(/delta: .*revision/);
  const status = JSON.parse(await readFile(join(folder.path, "status.json"), "utf8"));
  expect(status).toMatchObject({ leading: true, tasks: { delta: { failed: 0 } } });
  two.process.kill("SIGTERM");
  await once(two.process, "exit");
});
