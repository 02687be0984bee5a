/**
 * The servers that bench/http compares, each with its own etcd: keelson's senders, and kube-apiserver if KUBE_BIN names
 * a folder that has it. kube-apiserver requires TLS and a token; keelson is measured both plain and with TLS.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startLocalEtcd } from "keelson/etcd";
import { Connection, type Target } from "./connection.js";

export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly target: Target;
  readonly pids: readonly number[];
  readonly etcdPid: number;
}

const server = fileURLToPath(new URL("./server.js", import.meta.url));

/** keelson's own server. */
export async function startKeelson(
  name: string,
  options: { readonly tls?: boolean; readonly workers?: number } = {},
): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-bench-"));
  const etcd = await startLocalEtcd();
  const tls = options.tls === true ? certificateIn(folder) : [];
  const args = [server, ...etcd.endpoints, "--workers", String(options.workers ?? 1), ...tls];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const { port, pids } = JSON.parse(await firstLine(child)) as { port: number; pids: number[] };
  return {
    name,
    target: { port, isTls: options.tls === true },
    pids,
    etcdPid: etcd.pid,
    async [Symbol.asyncDispose]() {
      await stopped(child);
      await etcd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** kube-apiserver of KUBE_BIN; undefined where there is none. */
export async function startKubernetes(): Promise<Subject | undefined> {
  const binary = join(process.env["KUBE_BIN"] ?? "", "kube-apiserver");
  if (process.env["KUBE_BIN"] === undefined || !existsSync(binary)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "keelson-bench-kube-"));
  const etcd = await startLocalEtcd();
  const port = await freePort();
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const keyFile = join(folder, "service-account.key");
  const tokens = join(folder, "tokens.csv");
  await writeFile(keyFile, privateKey.export({ type: "pkcs1", format: "pem" }));
  await writeFile(tokens, "bench,bench,bench,system:masters\n");
  const child = spawn(
    binary,
    [
      `--etcd-servers=${etcd.endpoints.join(",")}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--cert-dir=${folder}`,
      `--token-auth-file=${tokens}`,
      "--service-account-issuer=https://localhost",
      `--service-account-key-file=${keyFile}`,
      `--service-account-signing-key-file=${keyFile}`,
      "--service-cluster-ip-range=10.0.0.0/24",
      "--authorization-mode=AlwaysAllow",
      "--disable-admission-plugins=ServiceAccount",
      // Its limits on concurrent requests would otherwise be measured.
      "--max-requests-inflight=4000",
      "--max-mutating-requests-inflight=2000",
    ],
    { stdio: "ignore" },
  );
  const target: Target = { port, isTls: true, token: "bench" };
  await ready(target, child);
  return {
    name: "kube-apiserver",
    target,
    pids: [child.pid ?? 0],
    etcdPid: etcd.pid,
    async [Symbol.asyncDispose]() {
      await stopped(child);
      await etcd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A controller creates its namespace some time after it is ready. */
async function ready(target: Target, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    try {
      const connection = await Connection.open(target, true);
      const { status } = await connection.request("GET", "/api/v1/namespaces/default");
      connection.close();
      if (status === 200) return;
    } catch {
      // It is not listening yet.
    }
  }
  child.kill("SIGKILL");
  throw new Error("kube-apiserver does not serve the namespace default within a minute");
}

function certificateIn(folder: string): string[] {
  const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const subject = ["-subj", "/CN=localhost", "-days", "1", "-nodes", "-newkey", "rsa:2048"];
  execFileSync("openssl", ["req", "-x509", ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return ["--cert", cert, "--key", key];
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const part of child.stdout ?? []) {
    text += String(part);
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error(`the server ended before it served: ${text}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exit;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
