/**
 * Finds the etcd of the Kubernetes server on this machine, by the files that kubeadm, k3s and RKE2 create:
 *
 *   kubeadm   /etc/kubernetes/manifests/kube-apiserver.yaml   its flags name etcd, certificates and encryption
 *   k3s       /var/lib/rancher/k3s/server/tls/etcd/           with an embedded etcd: server/db/etcd
 *   RKE2      /var/lib/rancher/rke2/server/tls/etcd/
 *
 * Used only when no flag and no variable names the endpoints. If the machine has two clusters, both are named and
 * neither is used.
 */
import { access, constants, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CliFailure, exitCodes } from "./failure.ts";

export interface FoundCluster {
  /** "kubeadm", "k3s", "RKE2". */
  readonly program: string;
  /** The file or folder that identified it. */
  readonly because: string;
  readonly endpoints: readonly string[];
  /** Files; "" where the cluster has none. */
  readonly cacert: string;
  readonly cert: string;
  readonly key: string;
  /** The EncryptionConfiguration of its kube-apiserver; "" without. */
  readonly encryptionConfig: string;
}

const localEtcd: readonly string[] = ["https://127.0.0.1:2379"];

/**
 * @param root replaces "/", for tests or for a mounted disk of another machine
 * @returns undefined when this machine is not a server of any of them
 * @throws CliFailure for two clusters, or certificates that this user may not read
 */
export async function findCluster(root: string): Promise<FoundCluster | undefined> {
  const found = (
    await Promise.all([kubeadm(root), rancher(root, "k3s", "k3s"), rancher(root, "rke2", "RKE2")])
  ).filter((cluster) => cluster !== undefined);
  const [cluster, other] = found;
  if (cluster === undefined) return undefined;
  if (other !== undefined) {
    throw new CliFailure(
      exitCodes.error,
      `this machine has files of ${found.map(({ program, because }) => `${program} (${because})`).join(" and of ")}`,
      { hint: "Say which etcd is meant: --endpoints, --cacert, --cert and --key." },
    );
  }
  for (const path of [cluster.cacert, cluster.cert, cluster.key]) {
    if (path !== "") await refuseUnreadable(path, cluster.program);
  }
  return cluster;
}

async function kubeadm(root: string): Promise<FoundCluster | undefined> {
  const manifest = join(root, "/etc/kubernetes/manifests/kube-apiserver.yaml");
  if (!(await isThere(manifest))) return undefined;
  const flags = await serverFlags(manifest);
  const file = (flag: string): string => {
    const path = flags.get(flag) ?? "";
    return path === "" ? "" : join(root, path);
  };
  const endpoints = (flags.get("etcd-servers") ?? "").split(",").filter((endpoint) => endpoint !== "");
  return {
    program: "kubeadm",
    because: manifest,
    endpoints: endpoints.length > 0 ? endpoints : localEtcd,
    cacert: file("etcd-cafile"),
    cert: file("etcd-certfile"),
    key: file("etcd-keyfile"),
    encryptionConfig: file("encryption-provider-config"),
  };
}

async function rancher(root: string, folder: string, program: string): Promise<FoundCluster | undefined> {
  const server = join(root, `/var/lib/rancher/${folder}/server`);
  const tls = join(server, "tls/etcd");
  // Without an etcd database the server stores its objects in SQL: certificates alone prove nothing.
  if (!(await isThere(join(tls, "client.crt"))) || !(await isThere(join(server, "db/etcd"))))
    return undefined;
  const encryption = join(server, "cred/encryption-config.json");
  return {
    program,
    because: tls,
    endpoints: localEtcd,
    cacert: join(tls, "server-ca.crt"),
    cert: join(tls, "client.crt"),
    key: join(tls, "client.key"),
    encryptionConfig: (await isThere(encryption)) ? encryption : "",
  };
}

/** The flags of the first container of a static pod: `--name=value` in command or args. */
async function serverFlags(manifest: string): Promise<ReadonlyMap<string, string>> {
  const { parse } = await import("yaml");
  let pod: unknown;
  try {
    pod = parse(await readFile(manifest, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new CliFailure(exitCodes.error, `cannot read ${manifest}: ${why}`, {
      hint: "Run it as root, or say where etcd is: --endpoints, --cacert, --cert and --key.",
    });
  }
  const containers = member(member(pod, "spec"), "containers");
  const container: unknown = Array.isArray(containers) ? containers[0] : undefined;
  const words = ["command", "args"].flatMap((name) => {
    const list = member(container, name);
    return Array.isArray(list) ? list.filter((word) => typeof word === "string") : [];
  });
  return new Map(
    words.flatMap((word) => {
      const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

async function refuseUnreadable(path: string, program: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(
      exitCodes.error,
      `this is a server of ${program}, and ${path} cannot be read (${code ?? "unknown"})`,
      {
        hint: "Run it as root, or say where etcd is: --endpoints, --cacert, --cert and --key.",
      },
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // A folder that this user may not read could contain it: do not guess.
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}
