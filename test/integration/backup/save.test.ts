import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { inspectSnapshot, restoreCluster, saveSnapshot, verifySnapshot } from "keelson/backup";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { compileSources } from "../../support/compiled-sources.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { runWorkload, statusOf, toolStatus } from "../../support/etcd/snapshot-lab.ts";
import { folderForAll } from "../../support/for-all.ts";
import { quietPorts } from "../../support/peers/quiet-ports.ts";
import { TcpProxy } from "../../support/peers/tcp-proxy.ts";
import { patientMs } from "../../support/time/patience.ts";

describe.each(await etcdBinaries())("saveSnapshot() of etcd $version", ({ path: etcdPath }) => {
  const folder = folderForAll();
  const lab = etcdForAll({ binary: etcdPath });
  beforeAll(async () => {
    await runWorkload(lab.etcd, { seed: 5, steps: 150 });
  });

  it("saves a file that equals etcd's own status and the live member's HashKV, for its owner alone", async () => {
    const path = join(folder.path, "saved.db");
    const progress: number[] = [];
    const report = await saveSnapshot(lab.etcd, path, {
      onProgress: ({ done, total }) => progress.push(done / (total ?? 1)),
      manifestPath: join(folder.path, "saved.json"),
    });
    expect(report).toMatchObject({ proved: "live", notes: [], path });
    expect(statusOf(report)).toMatchObject((await toolStatus(etcdPath, path)) as object);
    expect(progress.at(-1)).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const manifest = JSON.parse(await readFile(join(folder.path, "saved.json"), "utf8"));
    expect(manifest).toMatchObject({ format: "keelson-snapshot/1", proved: "live", hashKv: report.hashKv });
    expect((await readdir(folder.path)).sort()).toEqual(["saved.db", "saved.json"]);
  });

  it("S31: refuses to overwrite, and replaces what a dead save left", async () => {
    const path = join(folder.path, "twice.db");
    await writeFile(`${path}.partial`, "half");
    await saveSnapshot(lab.etcd, path);
    await expect(saveSnapshot(lab.etcd, path)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await inspectSnapshot(path);
    expect((await readdir(folder.path)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("S31: refuses a symbolic link, wherever it leads, and writes nothing through it", async () => {
    const path = join(folder.path, "linked.db");
    await symlink(join(folder.path, "nowhere.db"), path);
    await expect(saveSnapshot(lab.etcd, path)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((await readdir(folder.path)).filter((name) => /^(?:nowhere|linked)/.test(name))).toEqual([
      "linked.db",
    ]);
  });

  it("streams to a Writable, hash checked", async () => {
    const to = new PassThrough();
    const parts: Buffer[] = [];
    to.on("data", (part: Buffer) => parts.push(part));
    const { sha256, sizeBytes } = await saveSnapshot(lab.etcd, to);
    const bytes = Buffer.concat(parts);
    expect(bytes).toHaveLength(sizeBytes);
    expect(bytes.subarray(-32).toString("hex")).toBe(sha256);
  });

  it("ends with DEADLINE when nothing comes for the idle time, and leaves nothing", async () => {
    await using proxy = await TcpProxy.start(lab.local.clientPort);
    await using through = await connectEtcd({ endpoints: proxy.url, requestTimeoutMs: patientMs });
    await through.kv.range({ key: "a" });
    const path = join(folder.path, "silent.db");
    proxy.set({ mode: "blackhole" });
    await expect(
      saveSnapshot(through, path, { endpoint: through.endpoints[0], idleTimeoutMs: 300 }),
    ).rejects.toMatchObject({ code: "DEADLINE" });
    expect((await readdir(folder.path)).filter((name) => name.startsWith("silent"))).toEqual([]);
  });

  it("interrupted by SIGKILL leaves nothing under the final name", async () => {
    await using compiled = await compileSources();
    const path = join(folder.path, "killed.db");
    const script = join(compiled.folder, "save.mjs");
    await writeFile(
      script,
      `import { connectEtcd } from "./src/etcd/index.js";
       import { saveSnapshot } from "./src/backup/index.js";
       const etcd = await connectEtcd({ endpoints: process.argv[2] });
       await saveSnapshot(etcd, process.argv[3], { bytesPerSecond: 1_000, onProgress: (p) => process.send(p.done) });`,
    );
    // At that rate it takes minutes: it is under way when the signal comes, on any machine.
    const child = fork(script, [lab.local.endpoints[0] ?? "", path], { execArgv: [] });
    await once(child, "message");
    child.kill("SIGKILL");
    await once(child, "exit");
    const left = (await readdir(folder.path)).filter((name) => name.startsWith("killed"));
    expect(left).toEqual(["killed.db.partial"]);
    await saveSnapshot(lab.etcd, path);
    await expect(verifySnapshot(path)).resolves.toMatchObject({ ok: true, proved: "self" });
  });

  it("verifySnapshot() proves it against the live member and by booting a real etcd", async () => {
    const path = join(folder.path, "proof.db");
    await saveSnapshot(lab.etcd, path);
    expect(await verifySnapshot(path, { live: lab.etcd })).toMatchObject({
      ok: true,
      proved: "live",
      problems: [],
    });
    expect(await verifySnapshot(path, { boot: true, binary: etcdPath })).toMatchObject({
      ok: true,
      proved: "boot",
    });
  });

  it("restoreCluster() gives three directories that form one cluster, and a fourth member joins", async () => {
    const path = join(folder.path, "three.db");
    await saveSnapshot(lab.etcd, path);
    const ports = await quietPorts(8);
    const names = ["m1", "m2", "m3"] as const;
    const initialCluster = names.map((name, i) => `${name}=http://127.0.0.1:${ports[i]}`).join(",");
    const dataDirs = Object.fromEntries(names.map((name) => [name, join(folder.path, name)]));
    const reports = await restoreCluster(path, { initialCluster, dataDirs });
    expect(new Set(reports.map(({ clusterId }) => clusterId)).size).toBe(1);
    const start = (name: string, peerPort: number, clientPort: number, extra: readonly string[] = []) =>
      startLocalEtcd({
        binary: etcdPath,
        dataDir: join(folder.path, name),
        peerPort,
        clientPort,
        extraArgs: [`--name=${name}`, ...extra],
      });
    const members = await Promise.all(names.map((name, i) => start(name, ports[i] ?? 0, ports[4 + i] ?? 0)));
    try {
      const endpoints = members.flatMap((member) => member.endpoints);
      await using cluster = await connectEtcd({ endpoints, requestTimeoutMs: patientMs });
      const put = await cluster.kv.put({ key: "/after", value: "x" });
      const listed = await cluster.cluster.members();
      expect(listed.members.map(({ name }) => name).sort()).toEqual(["m1", "m2", "m3"]);
      await cluster.kv.range({ key: "/after" });
      for (const endpoint of cluster.endpoints) await cluster.kv.range({ key: "/after" }, { endpoint });
      const hashes = await Promise.all(
        cluster.endpoints.map((endpoint) => cluster.maintenance.hashKv(put.header.revision, { endpoint })),
      );
      expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
      await members[1]?.kill();
      await members[1]?.restart();
      // etcd takes a new member only once it has seen all others for a few seconds.
      await vi.waitFor(() => cluster.cluster.add({ peerUrls: [`http://127.0.0.1:${ports[3]}`] }), {
        timeout: 60_000,
        interval: 500,
      });
      const joined = await start("m4", ports[3] ?? 0, ports[7] ?? 0, [
        `--initial-cluster=${initialCluster},m4=http://127.0.0.1:${ports[3]}`,
        "--initial-cluster-state=existing",
      ]);
      members.push(joined);
      await using fourth = await connectEtcd({ endpoints: joined.endpoints, requestTimeoutMs: patientMs });
      expect((await fourth.kv.range({ key: "/after" })).kvs).toHaveLength(1);
      const again = join(folder.path, "again.db");
      expect(await saveSnapshot(cluster, again)).toMatchObject({ proved: "live" });
    } finally {
      await Promise.all(members.map((member) => member.stop()));
    }
  });
});
