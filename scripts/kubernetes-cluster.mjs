#!/usr/bin/env node
/**
 * `npm run kubernetes:cluster -- <directory>`: an etcd as kubeadm sets it up on a control plane, to try the tool on: TLS with
 * client certificates, a kube-apiserver's manifest, its EncryptionConfiguration, and what a real kube-apiserver 1.20.2 with its
 * controllers has stored (test/fixtures/kubernetes). Secrets are sealed as that configuration says.
 *
 *   <directory>/etc/kubernetes/pki/etcd/                 CA, server's and client's certificates
 *   <directory>/etc/kubernetes/manifests/kube-apiserver.yaml
 *   <directory>/etc/kubernetes/encryption.yaml           aescbc for secrets
 *   <directory>/cluster.db                               the snapshot it was filled from
 *
 * It runs until it is interrupted, on a free port of this machine, and prints what to type.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { projectFolder } from "./setup/find-etcd.mjs";
import { SetupError } from "./setup/report.mjs";
import { launch, setUp } from "./setup/set-up.mjs";

const openssl = promisify(execFile);
const fixture = join(projectFolder, "test", "fixtures", "kubernetes", "cluster-1.20-protobuf.db.gz");

await launch(async () => {
  const [given] = process.argv.slice(2);
  if (given === undefined)
    throw new SetupError("name a new directory: npm run kubernetes:cluster -- /tmp/cluster");
  const root = resolve(given);
  if (
    await access(root).then(
      () => true,
      () => false,
    )
  )
    throw new SetupError(`${root} is there already`);
  const found = await setUp();
  const pki = join(root, "etc/kubernetes/pki/etcd");
  await mkdir(pki, { recursive: true });
  await mkdir(join(root, "etc/kubernetes/manifests"), { recursive: true });
  await certificates(pki);
  const encryption = join(root, "etc/kubernetes/encryption.yaml");
  await writeFile(encryption, encryptionYaml(randomBytes(32)), { mode: 0o600 });
  const snapshot = join(root, "cluster.db");
  await writeFile(snapshot, gunzipSync(await readFile(fixture)));

  const { connectEtcd, startLocalEtcd } = await import("keelson/etcd");
  const { restoreSnapshot } = await import("keelson/backup");
  const dataDir = join(root, "var/lib/etcd");
  await mkdir(join(root, "var/lib"), { recursive: true });
  await restoreSnapshot(snapshot, { dataDir, bumpRevision: false });
  const binary = found === undefined ? {} : { binary: found.binary };
  // Sealed in the clear first, then started again as kubeadm has it.
  const plain = await startLocalEtcd({ dataDir, ...binary });
  try {
    const etcd = await connectEtcd({ endpoints: plain.endpoints });
    await sealSecrets(etcd, encryption).finally(() => etcd.close());
  } finally {
    await plain.stop();
  }
  const local = await startLocalEtcd({
    dataDir,
    ...binary,
    extraArgs: [
      `--cert-file=${join(pki, "server.crt")}`,
      `--key-file=${join(pki, "server.key")}`,
      `--trusted-ca-file=${join(pki, "ca.crt")}`,
      "--client-cert-auth",
    ],
  });
  try {
    const manifest = join(root, "etc/kubernetes/manifests/kube-apiserver.yaml");
    await writeFile(manifest, manifestYaml(local.endpoints.join(",")));
    process.stdout.write(
      `An etcd as kubeadm has it runs at ${local.endpoints.join(",")}. Type, for instance:\n\n` +
        `  export KEELSON_ROOT=${root}\n` +
        "  npx etcdctl-lite resources list\n" +
        "  npx etcdctl-lite resources get po,deploy,secret -n shop\n" +
        "  npx etcdctl-lite doctor\n\nCtrl-C ends it.\n",
    );
    // A signal's listener does not keep the process alive, and neither does the child.
    const hold = setInterval(() => {}, 60_000);
    await new Promise((end) => {
      process.once("SIGINT", end);
      process.once("SIGTERM", end);
    });
    clearInterval(hold);
  } finally {
    await local.stop();
  }
});

/**
 * Every secret, as a kube-apiserver with that configuration would have written it.
 *
 * @param {import("keelson/etcd").Etcd} etcd
 * @param {string} configuration
 */
async function sealSecrets(etcd, configuration) {
  const { encryptionConfiguration } = await import("keelson/kubernetes");
  const transform = (await encryptionConfiguration(configuration))["secrets"];
  if (transform === undefined || !("wrap" in transform))
    throw new SetupError("the configuration has no secrets");
  const { kvs } = await etcd.kv.range({ key: "/registry/secrets/", rangeEnd: "/registry/secrets0" });
  for (const { key, value } of kvs) {
    await etcd.kv.put({ key, value: await transform.wrap(Buffer.from(key).toString(), value) });
  }
}

/** @param {string} folder */
async function certificates(folder) {
  /** @param {string} name */
  const file = (name) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("openssl", [
    ...["req", "-x509", ...key, "-days", "365", "-subj", "/CN=etcd-ca"],
    ...["-keyout", file("ca.key"), "-out", file("ca.crt")],
  ]);
  await writeFile(file("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  for (const name of ["server", "healthcheck-client"]) {
    await openssl("openssl", [
      ...[
        "req",
        ...key,
        "-subj",
        `/CN=kube-etcd-${name}`,
        "-keyout",
        file(`${name}.key`),
        "-out",
        file(`${name}.csr`),
      ],
    ]);
    await openssl("openssl", [
      ...["x509", "-req", "-days", "365", "-CAcreateserial", "-CA", file("ca.crt"), "-CAkey", file("ca.key")],
      ...["-in", file(`${name}.csr`), "-out", file(`${name}.crt`), "-extfile", file("names")],
    ]);
  }
}

/** @param {Uint8Array} secret */
function encryptionYaml(secret) {
  return [
    "apiVersion: apiserver.config.k8s.io/v1",
    "kind: EncryptionConfiguration",
    "resources:",
    "- resources: [secrets]",
    "  providers:",
    `  - aescbc: { keys: [{ name: key1, secret: ${Buffer.from(secret).toString("base64")} }] }`,
    "  - identity: {}",
    "",
  ].join("\n");
}

/** @param {string} endpoints */
function manifestYaml(endpoints) {
  const flags = [
    `--etcd-servers=${endpoints}`,
    "--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt",
    "--etcd-certfile=/etc/kubernetes/pki/etcd/healthcheck-client.crt",
    "--etcd-keyfile=/etc/kubernetes/pki/etcd/healthcheck-client.key",
    "--encryption-provider-config=/etc/kubernetes/encryption.yaml",
  ];
  const pod = [
    "apiVersion: v1",
    "kind: Pod",
    "metadata: { name: kube-apiserver, namespace: kube-system }",
    "spec:",
    "  containers:",
    "  - name: kube-apiserver",
    "    command:",
    "    - kube-apiserver",
  ];
  return [...pod, ...flags.map((flag) => `    - ${flag}`), ""].join("\n");
}
