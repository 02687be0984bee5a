/** The other processes of the control plane: etcd, the example's API server, Kubernetes' own controllers. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startLocalEtcd } from "keelson/etcd";

export interface Cluster extends AsyncDisposable {
  readonly url: string;
  /** Processes whose CPU and memory are reported at the end, by name. */
  readonly pids: ReadonlyMap<string, number>;
  /** The Kubernetes programs that run. */
  readonly real: readonly string[];
}

const stopMs = 10_000;

export async function startCluster(
  server: string | undefined,
  kubeBin: string | undefined,
): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-control-plane-"));
  const children: ChildProcess[] = [];
  const pids = new Map<string, number>();
  const etcd = server === undefined ? await startLocalEtcd() : undefined;
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) await stop(child);
    await etcd?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const kubeconfig = join(folder, "kubeconfig");
    let url = server;
    if (etcd !== undefined) {
      if (etcd.pid !== undefined) pids.set("etcd", etcd.pid);
      const main = fileURLToPath(new URL("../api-server/main.js", import.meta.url));
      const options = ["--serve", "--port", "0", "--endpoints", [etcd.endpoints].flat().join(",")];
      const child = spawn(process.execPath, [main, ...options], { stdio: ["ignore", "pipe", "inherit"] });
      children.push(child);
      pids.set("API server", child.pid ?? 0);
      url = await said(child, /serving on (http:\S+)/);
    }
    if (url === undefined) throw new Error("there is no API server");
    await writeFile(kubeconfig, kubeconfigOf(url));
    const real = await startKubernetes(kubeBin, kubeconfig, folder, children, pids);
    return { url, pids, real, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Kubernetes' programs need only a kubeconfig; their default limits on requests per second would be the bottleneck. */
async function startKubernetes(
  kubeBin: string | undefined,
  kubeconfig: string,
  folder: string,
  children: ChildProcess[],
  pids: Map<string, number>,
): Promise<readonly string[]> {
  if (kubeBin === undefined) return [];
  const limits = ["--kube-api-qps=1000", "--kube-api-burst=2000"];
  const programs: Readonly<Record<string, readonly string[]>> = {
    "kube-controller-manager": [
      "--node-monitor-period=1s",
      "--node-monitor-grace-period=8s",
      "--pod-eviction-timeout=1s",
      "--concurrent-replicaset-syncs=20",
      "--concurrent-gc-syncs=50",
      "--concurrent-endpoint-syncs=10",
      "--controllers=*,-nodeipam,-route,-cloud-node-lifecycle,-csrapproving,-csrcleaner,-csrsigning,-service",
      `--cert-dir=${folder}`,
    ],
    "kube-scheduler": [`--cert-dir=${folder}`],
  };
  const started: string[] = [];
  for (const [name, options] of Object.entries(programs)) {
    const path = join(kubeBin, name);
    if (!existsSync(path)) continue;
    const own = [`--kubeconfig=${kubeconfig}`, "--port=0", "--secure-port=0", "--v=1", ...limits];
    const child = spawn(path, [...own, ...options], { stdio: ["ignore", "ignore", "ignore"] });
    children.push(child);
    pids.set(name, child.pid ?? 0);
    started.push(name);
  }
  return started;
}

async function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout?.setEncoding("utf8") ?? []) {
    text += chunk;
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) {
      child.stdout?.resume();
      return found;
    }
  }
  throw new Error(`it ended without saying ${pattern}: ${text}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await ended;
  clearTimeout(timer);
}

const kubeconfigOf = (server: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "keelson", cluster: { server } }],
    users: [{ name: "keelson", user: {} }],
    contexts: [{ name: "keelson", context: { cluster: "keelson", user: "keelson" } }],
    "current-context": "keelson",
  });

/** CPU seconds and peak memory in megabytes of a process; undefined where the system does not report them. */
export async function usageOf(
  pid: number,
): Promise<{ readonly cpuSeconds: number; readonly mebibytes: number } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    // Ticks of user and system time, a hundred a second on Linux.
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
      mebibytes: Math.round(peak / 1024),
    };
  } catch {
    return undefined;
  }
}
