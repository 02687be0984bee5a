/**
 * A cluster lost with its disks, recovered from a bucket: three members with TLS and passwords, load on them, `backup run`
 * beside it that is killed again and again. What was acknowledged up to the last delta's revision is there afterwards.
 *
 *   npm run drill      the long form: ten kills of the backup process, a minute of load
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { connectEtcd, type Etcd, startLocalCluster } from "keelson/etcd";
import { expect, test } from "vitest";
import { freePort } from "../../../../src/etcd/local/local-ports.ts";
import { CertificateAuthority, hasOpenssl } from "../../../support/etcd/certificates.ts";
import { etcdBinaries } from "../../../support/etcd/etcd-binaries.ts";
import { tempFolder } from "../../../support/etcd/snapshot-lab.ts";
import { S3Server } from "../../../support/peers/s3-server.ts";
import { buildProject, ProgramRun, projectFolder } from "../../../support/project-run.ts";
import { skipNote } from "../../../support/skip-note.ts";

const main = join(projectFolder, "dist", "tools", "etcdctl-lite", "main.js");
const long = process.env["KEELSON_LONG"] === "1";
const kills = long ? 10 : 2;
const loadMs = long ? 60_000 : 4_000;
const figures: Record<string, number | string> = {};

interface Acknowledged {
  readonly key: string;
  readonly value: string;
  readonly revision: bigint;
  readonly atMs: number;
}

/** Writers of distinct keys; every answer is noted. */
async function load(etcd: Etcd, signal: AbortSignal): Promise<readonly Acknowledged[]> {
  const noted: Acknowledged[] = [];
  const writer = async (name: string): Promise<void> => {
    for (let i = 0; !signal.aborted; i++) {
      const key = `/registry/configmaps/drill/${name}-${i}`;
      const value = randomBytes(400).toString("base64");
      const answer = await etcd.kv.put({ key, value }, { timeoutMs: 10_000 }).catch(() => undefined);
      if (answer !== undefined)
        noted.push({ key, value, revision: answer.header.revision, atMs: performance.now() });
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(writer));
  return noted;
}

/** The most memory a running process has had, MiB; 0 where the system does not tell. */
async function peakMib({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
}

/** Last revision that a line of the backup process says is on record. */
const coveredBy = (text: string): bigint =>
  BigInt([...text.matchAll(/(?:full|delta): \S+ revision (\d+)/g)].at(-1)?.[1] ?? "0");

const withoutOpenssl = !(await hasOpenssl());

test.skipIf(withoutOpenssl)(
  `a cluster whose disks are gone is recovered to the last delta${skipNote(withoutOpenssl, "no openssl on this machine")}`,
  { timeout: 900_000 },
  async () => {
    await buildProject();
    const [{ path: binary } = { path: "" }] = await etcdBinaries();
    await using folder = await tempFolder();
    await using ca = await CertificateAuthority.create("keelson drill CA");
    const names = ["IP:127.0.0.1", "DNS:localhost"];
    const server = await ca.issue("server", { names });
    const client = await ca.issue("client", { names });
    await using bucket = await S3Server.start();
    const secure = [
      ...[`--cert-file=${server.certFile}`, `--key-file=${server.keyFile}`],
      ...["--client-cert-auth", `--trusted-ca-file=${ca.caFile}`],
    ];
    const tls = { ca: ca.ca, cert: client.cert, key: client.key };
    const oldData = join(folder.path, "old");
    const cluster = await startLocalCluster({ size: 3, binary, dataDir: oldData, extraArgs: secure });
    const admin = await connectEtcd({ endpoints: cluster.endpoints, tls });
    await admin.auth.userAdd("root", { password: "a password" });
    await admin.auth.userGrantRole("root", "root");
    await admin.auth.enable();
    await admin.close();
    const auth = { username: "root", password: "a password" };
    const etcd = await connectEtcd({ endpoints: cluster.endpoints, tls, auth });

    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: bucket.endpoint,
      AWS_ACCESS_KEY_ID: bucket.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.credentials.secretAccessKey,
      ETCDCTL_USER: "root:a password",
      ETCDCTL_CACERT: ca.caFile,
      ETCDCTL_CERT: client.certFile,
      ETCDCTL_KEY: client.keyFile,
      ETCDCTL_DIAL_TIMEOUT: "60s",
      ETCDCTL_COMMAND_TIMEOUT: "60s",
    };
    const lite = (args: readonly string[]): ProgramRun =>
      new ProgramRun(spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] }));
    const place = ["--repository", "s3://backups/drill"];
    const startBackups = (): ProgramRun => {
      // The claim of a killed process dies by the bucket's clock.
      bucket.clockMs += 61_000;
      return lite([
        ...[
          `--endpoints=${cluster.endpoints.join(",")}`,
          "backup",
          "run",
          ...place,
          "--delta",
          "1s",
          "--full",
          "1d",
        ],
        ...["--election", "", "--verify", "", "--drill", ""],
      ]);
    };

    const end = new AbortController();
    const writing = load(etcd, end.signal);
    let backups = startBackups();
    await backups.said(/full: .*revision \d+/);
    let memoryMib = 0;
    for (let kill = 0; kill < kills; kill++) {
      const pause = (loadMs / kills) * (0.5 + ((kill * 7) % 10) / 10);
      await new Promise((resolve) => setTimeout(resolve, pause));
      memoryMib = Math.max(memoryMib, await peakMib(backups.child));
      backups.child.kill("SIGKILL");
      await once(backups.child, "exit");
      backups = startBackups();
      await backups.said(/delta: .*revision \d+/);
    }
    // Everything ends at once: the cluster, its disks, the machine that took the backups.
    for (const member of cluster.members) await member.kill();
    const lostMs = performance.now();
    figures["memory of backup run, MiB"] = Math.max(memoryMib, await peakMib(backups.child));
    backups.child.kill("SIGKILL");
    const covered = coveredBy(backups.output());
    end.abort();
    const acknowledged = await writing;
    await etcd.close();
    await cluster.stop();
    await rm(oldData, { recursive: true, force: true });
    bucket.clockMs += 61_000;

    const startedMs = performance.now();
    const members = await Promise.all(
      ["r0", "r1", "r2"].map(async (name) => ({ name, peer: await freePort(), client: await freePort() })),
    );
    const initialCluster = members.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(",");
    const newData = join(folder.path, "new");
    const recovered = await lite([
      ...["backup", "recover", ...place, "--initial-cluster", initialCluster, "--data-dir", newData],
      ...["--drop-ins", join(folder.path, "drop-ins")],
    ]).ended();
    expect(recovered).toMatchObject({ code: 0 });
    figures["restored s"] = ((performance.now() - startedMs) / 1000).toFixed(1);
    const commands = [...recovered.stdout.matchAll(/^ {2}etcd (.*)$/gm)].map(([, args = ""]) =>
      args.split(" "),
    );
    expect(commands).toHaveLength(3);
    expect(await readFile(join(folder.path, "drop-ins", "r1.conf"), "utf8")).toContain(
      "ExecStart=/usr/bin/etcd --name=r1 ",
    );
    const started: ChildProcess[] = commands.map((args, i) =>
      spawn(
        binary,
        [
          ...args,
          ...secure,
          `--listen-client-urls=https://127.0.0.1:${members[i]?.client}`,
          `--advertise-client-urls=https://127.0.0.1:${members[i]?.client}`,
          "--log-level=error",
        ],
        { stdio: "ignore" },
      ),
    );
    try {
      const endpoints = members.map(({ client: port }) => `https://127.0.0.1:${port}`);
      await using again = await connectEtcd({ endpoints, tls, auth, timeoutMs: 120_000 });
      await again.kv.range({ key: "x" }, { timeoutMs: 120_000 });
      figures["until the first read s"] = ((performance.now() - startedMs) / 1000).toFixed(1);
      const checked = await lite([
        `--endpoints=${endpoints.join(",")}`,
        "backup",
        "recover",
        "--check",
      ]).ended();
      expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining("3 members") });
      let there = 0;
      for (const { key, value, revision } of acknowledged) {
        if (revision > covered) continue;
        const { kvs } = await again.kv.range({ key });
        if (Buffer.from(kvs[0]?.value ?? []).toString() === value) there++;
        else expect.fail(`${key} of revision ${revision} is not there, covered was ${covered}`);
      }
      expect(there).toBeGreaterThan(0);
      const lost = acknowledged.filter(({ revision }) => revision > covered);
      figures["acknowledged"] = acknowledged.length;
      figures["beyond the last delta"] = lost.length;
      figures["RPO s"] = ((lostMs - Math.min(lostMs, ...lost.map(({ atMs }) => atMs))) / 1000).toFixed(2);
      figures["bytes up"] = [...bucket.objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
      process.stderr.write(`drill: ${JSON.stringify(figures)}\n`);
    } finally {
      for (const child of started) {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }
    }
  },
);
