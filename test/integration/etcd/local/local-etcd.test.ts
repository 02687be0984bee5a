/** `startLocalEtcd` and `startLocalCluster`: real processes, clear errors, nothing left behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLocalCluster } from "../../../../src/etcd/local/local-cluster.ts";
import { startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import { freePort } from "../../../../src/etcd/local/local-ports.ts";
import { compileSources } from "../../../support/compiled-sources.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { failureOf } from "../../../support/failures.ts";
import { folderForAll } from "../../../support/for-all.ts";

let compiled: Awaited<ReturnType<typeof compileSources>>;
const folder = folderForAll();

beforeAll(async () => {
  compiled = await compileSources();
});
afterAll(async () => {
  await compiled[Symbol.asyncDispose]();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => boolean | Promise<boolean>, boundMs = 60_000): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${holds}`);
    await delay(20);
  }
}

/** A program that starts an etcd, prints where it is, and ends as asked. */
const parentProgram = (binary: string, how: string): string => `
  import { startLocalEtcd } from ${JSON.stringify(pathToFileURL(join(compiled.folder, "src/etcd/local/local-etcd.js")))};
  const { pid, dataDir } = await startLocalEtcd({ binary: ${JSON.stringify(binary)} });
  console.log(JSON.stringify({ pid, dataDir }));
  if (${JSON.stringify(how)}.startsWith("SIG")) setInterval(() => {}, 1000);
  if (${JSON.stringify(how)} === "uncaught error") throw new Error("as asked");
`;

const version = async (endpoint: string | undefined): Promise<unknown> =>
  (await fetch(`${endpoint}/version`)).json();

describe.each(await etcdBinaries())(
  "startLocalEtcd with etcd $version",
  ({ path: binary, version: wanted }) => {
    test("serves on free loopback ports and removes its temporary data when stopped", async () => {
      const etcd = await startLocalEtcd({ binary });
      expect(etcd.version).toBe(wanted);
      expect(etcd.endpoints).toEqual([`http://127.0.0.1:${etcd.clientPort}`]);
      expect(await version(etcd.endpoints[0])).toMatchObject({ etcdserver: wanted });
      await access(etcd.dataDir);
      await etcd.stop();
      await etcd.stop();
      expect(isAlive(etcd.pid)).toBe(false);
      await expect(access(etcd.dataDir)).rejects.toThrow();
    });

    test("keeps a data directory it was given and opens it again after kill()", async () => {
      const dataDir = join(folder.path, `kept-${wanted}`);
      await using etcd = await startLocalEtcd({ binary, dataDir });
      const first = etcd.pid;
      await etcd.kill();
      expect(etcd.running).toBe(false);
      await etcd.restart();
      expect(etcd.pid).not.toBe(first);
      await etcd.stop();
      await access(join(dataDir, "member", "snap", "db"));
      await etcd.restart();
      expect(await version(etcd.endpoints[0])).toMatchObject({ etcdserver: wanted });
    });

    test("a paused etcd does not answer until it is resumed, and stop() ends a paused one", async () => {
      await using etcd = await startLocalEtcd({ binary });
      await etcd.pause();
      const answer = version(etcd.endpoints[0]);
      expect(await Promise.race([answer.then(() => "answered"), delay(300, "silent")])).toBe("silent");
      etcd.resume();
      await answer;
      await etcd.pause();
      await etcd.stop();
      expect(isAlive(etcd.pid)).toBe(false);
    });

    test("names a data directory that another etcd holds, and its process", async () => {
      await using holder = await startLocalEtcd({ binary });
      const error = await failureOf(startLocalEtcd({ binary, dataDir: holder.dataDir }));
      expect(error).toMatchObject({ code: "UNAVAILABLE", details: { reason: "data directory locked" } });
      expect(error.message).toContain(holder.dataDir);
      expect(error.message).toContain(`process ${holder.pid}`);
    });

    test("names a port that is taken", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      const clientPort = typeof address === "object" && address !== null ? address.port : 0;
      const error = await failureOf(startLocalEtcd({ binary, clientPort, peerPort: await freePort() }));
      server.close();
      expect(error).toMatchObject({ code: "UNAVAILABLE", details: { reason: "port taken" } });
      expect(error.message).toContain(`127.0.0.1:${clientPort}`);
    });

    test("gives the last log lines of a start that failed", async () => {
      const error = await failureOf(startLocalEtcd({ binary, extraArgs: ["--no-such-flag"] }));
      expect(error).toMatchObject({ code: "UNAVAILABLE", details: { reason: "start failed" } });
      expect(error.message).toContain("no-such-flag");
    });

    test("an aborted start rejects with the signal's reason and leaves no process", async () => {
      const reason = new Error("enough");
      await expect(startLocalEtcd({ binary, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test.each(["SIGKILL", "SIGTERM", "SIGINT", "uncaught error", "return"])(
      "ends, with its data, after its parent has ended by %s",
      async (how) => {
        const child = spawn(process.execPath, ["--input-type=module", "--eval", parentProgram(binary, how)], {
          stdio: ["ignore", "pipe", "pipe"],
        });
        let errors = "";
        child.stderr.on("data", (text) => {
          errors += text;
        });
        let output = "";
        child.stdout.on("data", (text) => {
          output += text;
        });
        await until(() => output.includes("\n") || child.exitCode !== null);
        if (!output.includes("\n")) throw new Error(`the parent said: ${errors}`);
        const { pid, dataDir } = JSON.parse(output) as { pid: number; dataDir: string };
        if (how.startsWith("SIG")) child.kill(how as NodeJS.Signals);
        await until(() => child.exitCode !== null || child.signalCode !== null);
        await until(() => !isAlive(pid));
        await until(() =>
          access(dataDir).then(
            () => false,
            () => true,
          ),
        );
      },
    );
  },
);

test("startLocalEtcd says what to do when there is no etcd of that name", async () => {
  const error = await failureOf(startLocalEtcd({ binary: join(folder.path, "nothing") }));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "binary" } });
  expect(error.message).toContain("no such file");
  const wrong = await failureOf(startLocalEtcd({ binary: process.execPath }));
  expect(wrong.message).toContain('expected "etcd Version: …"');
});

test("startLocalEtcd refuses a dataDir where none can be, by its name", async () => {
  const file = join(folder.path, "file");
  await writeFile(file, "");
  // /proc takes no directory and says ENOENT, /sys says that it may not.
  const nowhere = process.platform === "linux" ? ["/proc/keelson/a", "/sys/keelson"] : [];
  for (const dataDir of ["", "a\0b", file, join(file, "data"), ...nowhere]) {
    const error = await failureOf(startLocalEtcd({ dataDir }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "dataDir" } });
    expect(error.message).toContain(JSON.stringify(dataDir));
  }
});

test.runIf(process.platform === "linux")(
  "startLocalEtcd on a directory in which etcd can make nothing says so and leaves no process",
  async () => {
    const error = await failureOf(startLocalEtcd({ dataDir: "/proc" }));
    // Only a user who may write anywhere gets as far as etcd itself.
    expect(["INVALID_ARGUMENT", "UNAVAILABLE"]).toContain(error.code);
    expect(error.message).toContain("/proc");
  },
);

test("startLocalCluster serves with three members, one of them killed, paused or started again", async () => {
  await using cluster = await startLocalCluster({ size: 3 });
  expect(cluster.members.map((member) => member.name)).toEqual(["m0", "m1", "m2"]);
  const health = async (index: number): Promise<boolean> => {
    try {
      const response = await fetch(`${cluster.endpoints[index]}/health`, {
        signal: AbortSignal.timeout(5000),
      });
      return response.ok;
    } catch {
      return false;
    }
  };
  for (const index of [0, 1, 2]) await until(() => health(index));
  const [first, second] = cluster.members;
  await first?.kill();
  await until(() => health(1));
  expect(await health(0)).toBe(false);
  await first?.restart();
  await until(() => health(0));
  await second?.pause();
  await until(() => health(0));
  second?.resume();
  await until(() => health(1));
});
