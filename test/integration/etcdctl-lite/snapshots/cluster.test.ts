/** etcdctl-lite on the etcd of a real kube-apiserver 1.20.2: from a running etcd and from the snapshot, the same answers. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { restoreSnapshot } from "keelson/backup";
import { connectEtcd, type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { encryptionConfiguration } from "keelson/kubernetes";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { isWrapping } from "../../../../src/codec/sealing/transform.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { clusterSkipReason, clusterSnapshot } from "../../../support/kubernetes-cluster.ts";
import { patientMs } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";

let snapshot: string;
let etcd: LocalEtcd;
let client: Etcd;
let lite: ReturnType<typeof liteAt>;

const skipped = await clusterSkipReason();

beforeEach(({ skip }) => skip(skipped !== "", skipped));
const dir = folderForAll();

beforeAll(async () => {
  snapshot = await clusterSnapshot(dir.path);
  if (skipped !== "") return;
  const dataDir = join(dir.path, "data");
  await restoreSnapshot(snapshot, { dataDir, bumpRevision: false });
  etcd = await startLocalEtcd({ dataDir });
  client = await connectEtcd({ endpoints: etcd.endpoints, requestTimeoutMs: patientMs });
  lite = liteAt(etcd.endpoints);
});
afterAll(async () => {
  await client?.close();
  await etcd?.stop();
});

const sources: readonly (readonly [string, () => readonly string[]])[] = [
  ["a running etcd", () => []],
  ["a snapshot", () => ["--from", snapshot]],
];
const storedAt = async (key: string): Promise<Uint8Array | undefined> =>
  (await client.kv.range({ key })).kvs[0]?.value;

describe.each(sources)("of %s", (_source, from) => {
  test("resources get finds every kind by kubectl's names, at the place Kubernetes has for it", async () => {
    for (const [name, count] of [
      ["po", 9],
      ["pods", 9],
      ["deploy", 1],
      ["deployments", 1],
      ["deployments.apps", 1],
      ["deployment.v1.apps", 1],
      ["no", 1],
      ["nodes", 1],
      ["svc", 2],
      ["ep", 1],
      ["rc", 1],
      ["cm", 6],
      ["ns", 5],
      ["sa", 5],
      ["ing", 1],
      ["hpa", 1],
      ["leases", 2],
      ["ev", 32],
      ["apiservices", 35],
    ] as const) {
      const { code, stdout, stderr } = await lite(["resources", "get", name, "-o", "name", ...from()]);
      expect({ name, code, count: stdout.trim().split("\n").length, stderr }).toEqual({
        name,
        code: 0,
        count,
        stderr: "",
      });
    }
  });

  test("resources get selects, and shows kubectl's columns", async () => {
    const pods = await lite(["resources", "get", "po", "-n", "shop", "-l", "app=web", ...from()]);
    expect(pods.stdout).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\n/);
    expect(pods.stdout).toMatch(/web-7bf8fb749b-z55sh +0\/1 +Terminating +0 /);
    const wide = await lite(["resources", "get", "deploy", "web", "-o", "wide", ...from()]);
    expect(wide.stdout).toMatch(/shop +web +0\/4 +2 +0 .*web +nginx:1.26 +app=web\n/);
    const none = await lite([
      "resources",
      "get",
      "po",
      "--field-selector",
      "spec.nodeName=node-1,status.phase=Pending",
      "-o",
      "name",
      ...from(),
    ]);
    expect(none.stdout.trim().split("\n")).toHaveLength(9);
    const json = await lite([
      "resources",
      "get",
      "cm,svc",
      "-n",
      "shop",
      "-o",
      "jsonpath={range .items[*]}{.kind}/{.metadata.name} {end}",
      ...from(),
    ]);
    expect(json.stdout).toBe("ConfigMap/kube-root-ca.crt ConfigMap/settings Service/nginx-service ");
    const lease = JSON.parse(
      (await lite(["resources", "get", "lease/kube-scheduler", "-o", "json", ...from()])).stdout,
    );
    expect(lease).toMatchObject({ apiVersion: "coordination.k8s.io/v1beta1", kind: "Lease" });
  });

  test("get --decode shows every value as the object it is", async () => {
    const { code, stdout, stderr } = await lite([
      "get",
      "/registry/",
      "--prefix",
      "--decode",
      "-w",
      "json",
      ...from(),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const objects = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(objects).toHaveLength(138);
    for (const { apiVersion, kind } of objects)
      expect([apiVersion, kind]).toEqual([expect.any(String), expect.any(String)]);
  });

  test("history --decode and diff --decode show objects and fields, and lose no byte", async () => {
    const key = "/registry/deployments/shop/web";
    const history = await lite(["history", key, "--decode", ...from()]);
    expect({ code: history.code, stderr: history.stderr }).toEqual({ code: 0, stderr: "" });
    expect(history.stdout).not.toContain("\uFFFD");
    const versions = parseAllDocuments(history.stdout).map((document) => document.toJS());
    expect(versions.length).toBeGreaterThan(2);
    for (const version of versions)
      expect(version).toMatchObject({ kind: "Deployment", metadata: { name: "web" } });
    const first = versions[0].metadata.resourceVersion;
    const diff = await lite(["diff", key, "--from-rev", first, "--decode", ...from()]);
    expect(diff.stdout).toMatch(/ {4}status\.replicas: absent -> 5|spec\.replicas: /);
    const lines = await lite(["diff", key, "--from-rev", first, "--decode", "-w", "json", ...from()]);
    expect(JSON.parse(lines.stdout)).toMatchObject({
      key,
      type: "changed",
      changes: expect.arrayContaining([expect.objectContaining({ path: "metadata.generation" })]),
    });
  });

  test("resources list counts kinds, and names keys that are none", async () => {
    const { stdout } = await lite(["resources", "list", ...from()]);
    expect(stdout).toMatch(/pods +kubernetes +9 /);
    expect(stdout).toMatch(/\(\/registry\/ranges\/\) +- +2 /);
    const rows = JSON.parse((await lite(["resources", "list", "-w", "json", ...from()])).stdout);
    expect(rows.find(({ resource }: { resource: string }) => resource === "nodes")).toMatchObject({
      path: "/registry/minions/",
      objects: 1,
      largest: "node-1",
    });
  });

  test("a kind that may lie elsewhere is no success", async () => {
    const args = ["resources", "get", "deployments.apps", "--kind", "apps/v1:Deployment", ...from()];
    const { code, stderr } = await lite(args);
    expect(code).toBe(1);
    expect(stderr).toContain("there are keys below /registry/deployments/");
    expect(await lite(["resources", "get", "po", "gone", ...from()])).toMatchObject({
      code: 1,
      stderr: 'Error: pods "gone" not found\n',
    });
    expect((await lite(["resources", "get", "gadgets", ...from()])).code).toBe(128);
  });
});

test("quota list shows the cluster's ResourceQuotas", async () => {
  const { code, stdout } = await lite(["quota", "list"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/shop +q +\S+ +\S+ +\S+ +kubernetes/);
});

describe("what was deleted", () => {
  test("undelete brings one key back byte for byte", async () => {
    const key = "/registry/deployments/shop/web";
    const before = await storedAt(key);
    await client.kv.deleteRange({ key });
    expect((await lite(["undelete", key])).code).toBe(0);
    expect(await storedAt(key)).toEqual(before);
  });

  test("undelete --prefix --from brings back all that is gone, and leaves the rest", async () => {
    const { kvs } = await client.kv.range({ key: "/registry/secrets/", rangeEnd: "/registry/secrets0" });
    await client.kv.deleteRange({ key: "/registry/secrets/shop/", rangeEnd: "/registry/secrets/shop0" });
    const args = ["undelete", "/registry/secrets/", "--prefix", "--from", snapshot];
    expect((await lite([...args, "--dry-run"])).stdout).toContain("2 keys would come back, 4 are there\n");
    expect((await lite(args)).stdout).toBe("2 keys are back, 4 were there\n");
    for (const { key, value } of kvs) expect((await client.kv.range({ key })).kvs[0]?.value).toEqual(value);
    expect((await lite(["undelete", "/registry/nothing/", "--prefix", "--from", snapshot])).code).toBe(1);
  });

  test("restore objects puts a namespace back with uid and owners, says what that goes past, and undo takes it back", async () => {
    const { kvs: all } = await client.kv.range({ key: "/registry/", rangeEnd: "/registry0" });
    const shop = all.filter(({ key }) => /\/shop(\/|$)/.test(Buffer.from(key).toString()));
    for (const { key } of shop) await client.kv.deleteRange({ key });
    const undo = join(dir.path, "undo.ndjson");
    const args = ["restore", "objects", "--snapshot", snapshot, "-n", "shop"];
    const homeless = await lite([...args, "--resources", "deploy"]);
    expect(homeless.code).toBe(1);
    expect(homeless.stderr).toContain('there is no namespace "shop"');
    expect((await lite([...args, "--dry-run"])).stdout).toContain(
      `${shop.length} to be created, 0 to be overwritten`,
    );
    const restored = await lite([...args, "--undo-file", undo]);
    expect(restored.code).toBe(0);
    expect(restored.stdout).toContain(
      `${shop.length} created, 0 overwritten, 0 different and left alone, 0 the same\n`,
    );
    expect(restored.stderr).toContain("admission, validation, quotas");
    for (const { key, value } of shop) expect((await client.kv.range({ key })).kvs[0]?.value).toEqual(value);
    const event = (
      await client.kv.range({ key: "/registry/events/shop/", rangeEnd: "/registry/events/shop0", limit: 1 })
    ).kvs[0];
    expect(event?.lease).not.toBe(0n);
    expect((await lite(["restore", "undo", undo])).stdout).toBe(`${shop.length} keys as they were before\n`);
    expect(await storedAt("/registry/namespaces/shop")).toBeUndefined();
    await lite(args);
  });

  test("restore objects by kind shows what differs, and by --conflict leaves or overwrites it", async () => {
    const key = "/registry/minions/node-1";
    const before = await storedAt(key);
    const node = JSON.parse((await lite(["resources", "get", "node/node-1", "-o", "json"])).stdout);
    const { resourceVersion: _, ...metadata } = node.metadata;
    await client.kv.put({ key, value: JSON.stringify({ ...node, metadata, spec: { unschedulable: true } }) });
    const args = ["restore", "objects", "--snapshot", snapshot, "--resources", "nodes"];
    const skipped = await lite(args);
    expect(skipped.stdout).toContain("    spec.unschedulable: true -> absent\n");
    expect(skipped.stdout).toContain("1 different and left alone");
    expect((await lite([...args, "--conflict", "fail"])).code).toBe(1);
    expect((await lite([...args, "--conflict", "overwrite"])).stdout).toContain("0 created, 1 overwritten");
    expect(await storedAt(key)).toEqual(before);
    const nothing = await lite(["restore", "objects", "--snapshot", snapshot, "-n", "nowhere"]);
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toContain("the backup has no objects that were asked for");
  });

  test("--to-manifests writes what kubectl apply takes, in an order that works, and touches nothing", async () => {
    const { header } = await client.kv.range({ key: "x" });
    const out = join(dir.path, "manifests");
    const { code, stdout, stderr } = await lite([
      "restore",
      "objects",
      "--snapshot",
      snapshot,
      "-n",
      "shop",
      "--to-manifests",
      out,
    ]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `13 manifests in ${out}: kubectl apply -f ${out}\n`,
    });
    expect(stderr).toContain("ReplicaSets make them again");
    const files = (await readdir(out)).sort();
    expect(files[0]).toBe("00-namespace-shop.yaml");
    const kinds = await Promise.all(
      files.map(async (file) => parse(await readFile(join(out, file), "utf8"))),
    );
    for (const object of kinds) {
      expect(object.status).toBeUndefined();
      for (const field of [
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "ownerReferences",
      ]) {
        expect(object.metadata[field], `${object.kind} ${field}`).toBeUndefined();
      }
    }
    expect(kinds.find(({ kind }) => kind === "Service").spec).not.toHaveProperty("clusterIP");
    expect(kinds.find(({ kind }) => kind === "Ingress")).toMatchObject({
      apiVersion: "networking.k8s.io/v1",
    });
    expect(kinds.find(({ kind }) => kind === "CronJob").apiVersion).toBe("batch/v1");
    const old = join(dir.path, "manifests-1.20");
    await lite([
      "restore",
      "objects",
      "--snapshot",
      snapshot,
      "--resources",
      "cj",
      "--to-manifests",
      old,
      "--kubernetes-version",
      "1.20",
    ]);
    expect(await readFile(join(old, "23-cronjob-shop-cj.yaml"), "utf8")).toContain(
      "apiVersion: batch/v1beta1\n",
    );
    expect(
      (await lite(["restore", "objects", "--snapshot", snapshot, "-n", "shop", "--to-manifests", out]))
        .stderr,
    ).toContain("is not empty");
    expect((await client.kv.range({ key: "x" })).header.revision).toBe(header.revision);
  });
});

describe("encrypted values", () => {
  let config: string;
  const key = "/registry/secrets/shop/mysecret";
  beforeAll(async () => {
    if (skipped !== "") return;
    config = join(dir.path, "encryption.yaml");
    const secret = Buffer.alloc(32, 7).toString("base64");
    await writeFile(
      config,
      `kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc: {keys: [{name: key1, secret: ${secret}}]}\n  - identity: {}\n`,
    );
    const transform = (await encryptionConfiguration(config))["secrets"];
    const plain = await storedAt(key);
    if (transform === undefined || !isWrapping(transform) || plain === undefined)
      throw new Error("no transform");
    await client.kv.put({ key, value: await transform.wrap(key, plain) });
  });

  test("are read with kube-apiserver's configuration, by flag or variable, and without it are no success", async () => {
    const args = ["resources", "get", "secret", "mysecret", "-n", "shop", "-o", "json"];
    for (const [more, env] of [
      [["--encryption-config", config], {}],
      [[], { KEELSON_ENCRYPTION_CONFIG: config }],
    ] as const) {
      const { code, stdout } = await lite([...args, ...more], { env });
      expect({ code, kind: JSON.parse(stdout).kind }).toEqual({ code: 0, kind: "Secret" });
    }
    const without = await lite(args);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('it is encrypted by Kubernetes under "k8s:enc:aescbc:v1:key1"');
    expect(without.stderr).toContain("--encryption-config");
    const decoded = await lite(["get", key, "--decode", "--encryption-config", config]);
    expect(decoded.stdout).toContain('sealed under "k8s:enc:aescbc:v1:key1"');
  });

  test("are the same as plain ones of a backup where the object is", async () => {
    const args = ["restore", "objects", "--snapshot", snapshot, "--resources", "secrets", "-n", "shop"];
    expect((await lite([...args, "--encryption-config", config])).stdout).toContain("2 the same");
    // Without the key nobody can tell; the bytes differ.
    expect((await lite(args)).stdout).toContain("1 different and left alone");
  });
});

describe("doctor", () => {
  test("counts objects, and finds what is wrong with single ones", async () => {
    const sound = await lite(["doctor"]);
    expect(sound.stdout).toMatch(/OBJECTS +COUNT +BYTES +LARGEST\n/);
    expect(sound.stdout).toMatch(/apiservices\.apiregistration\.k8s\.io +35 /);
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.example.com", uid: "u" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [{ name: "v2", served: true, storage: true }],
      },
      status: { storedVersions: ["v1alpha1", "v2"] },
    };
    const folder = "/registry/apiextensions.k8s.io/customresourcedefinitions";
    await client.kv.put({ key: `${folder}/widgets.example.com`, value: JSON.stringify(definition) });
    await client.kv.put({ key: "/registry/configmaps/shop/cut", value: "k8s\0\n" });
    const event = (
      await client.kv.range({ key: "/registry/events/shop/", rangeEnd: "/registry/events/shop0", limit: 1 })
    ).kvs[0];
    await client.kv.put({ key: "/registry/events/shop/eternal", value: event?.value ?? "" });
    await client.kv.put({ key: "/registry/secrets/shop/sealed", value: "k8s:enc:aescbc:v1:old:0123456789" });
    const config = join(dir.path, "other.yaml");
    const secret = Buffer.alloc(32, 9).toString("base64");
    await writeFile(
      config,
      `kind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc: {keys: [{name: other, secret: ${secret}}]}\n  - identity: {}\n`,
    );
    const ran = await lite(["doctor", "-w", "json", "--encryption-config", config]);
    expect(ran.code).toBe(1);
    const { findings, objects } = JSON.parse(ran.stdout);
    expect(objects.find(({ resource }: { resource: string }) => resource === "pods")).toMatchObject({
      objects: 9,
    });
    const told = findings.map(
      ({ check, where, what }: Record<string, string>) => `${check} ${where}: ${what}`,
    );
    for (const expected of [
      "objects /registry/configmaps/shop/cut: 1 value cannot be read",
      "events /registry/events/: 1 event has no lease",
      "definitions widgets.example.com: objects may be stored as v1alpha1",
      "encryption secrets: 1 object is encrypted under k8s:enc:aescbc:v1:old, which is not in the configuration",
      "objects lie in the clear, and the configuration encrypts them",
    ]) {
      expect(told).toEqual(expect.arrayContaining([expect.stringContaining(expected)]));
    }
    expect((await lite(["resources", "get", "widgets", "-o", "name"])).code).toBe(0);
  });
});

describe("a server of Kubernetes", () => {
  const certificates = async (root: string, folder: string, names: readonly string[]): Promise<void> => {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(root, folder), { recursive: true });
    for (const name of names) await writeFile(join(root, folder, name), "");
  };

  test("is found without flags, and two are none", async () => {
    const root = join(dir.path, "root");
    await certificates(root, "var/lib/rancher/k3s/server/tls/etcd", [
      "server-ca.crt",
      "client.crt",
      "client.key",
    ]);
    await certificates(root, "var/lib/rancher/k3s/server/db/etcd", []);
    const { findCluster } = await import("../../../../tools/etcdctl-lite/cli/find-cluster.ts");
    expect(await findCluster(root)).toMatchObject({ program: "k3s", endpoints: ["https://127.0.0.1:2379"] });
    await certificates(root, "etc/kubernetes/pki/etcd", ["ca.crt"]);
    await certificates(root, "etc/kubernetes/pki", [
      "apiserver-etcd-client.crt",
      "apiserver-etcd-client.key",
    ]);
    await certificates(root, "etc/kubernetes/manifests", []);
    await writeFile(
      join(root, "etc/kubernetes/manifests/kube-apiserver.yaml"),
      "spec:\n  containers:\n  - command:\n    - kube-apiserver\n    - --etcd-servers=https://10.0.0.1:2379,https://10.0.0.2:2379\n    - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt\n    - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt\n    - --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key\n    - --encryption-provider-config=/etc/kubernetes/enc.yaml\n",
    );
    await expect(findCluster(root)).rejects.toThrow("this machine has files of kubeadm");
    await rm(join(root, "var"), { recursive: true });
    expect(await findCluster(root)).toEqual({
      program: "kubeadm",
      because: join(root, "etc/kubernetes/manifests/kube-apiserver.yaml"),
      endpoints: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"],
      cacert: join(root, "etc/kubernetes/pki/etcd/ca.crt"),
      cert: join(root, "etc/kubernetes/pki/apiserver-etcd-client.crt"),
      key: join(root, "etc/kubernetes/pki/apiserver-etcd-client.key"),
      encryptionConfig: join(root, "etc/kubernetes/enc.yaml"),
    });
    expect(await findCluster(join(dir.path, "empty"))).toBeUndefined();
  });
});
