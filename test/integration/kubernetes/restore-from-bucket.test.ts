/**
 * One namespace of a Kubernetes cluster, deleted and brought back from a bucket while the cluster runs: built-in kinds as
 * protobuf, custom resources as JSON, Secrets sealed by kube-apiserver's configuration; compared key by key.
 */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRepository, restoreSnapshot } from "keelson/backup";
import { type Etcd, startLocalEtcd } from "keelson/etcd";
import { encryptionConfiguration } from "keelson/kubernetes";
import { expect, test, vi } from "vitest";
import { isWrapping } from "../../../src/codec/sealing/transform.ts";
import { clientOf, tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { clusterSkipReason, clusterSnapshot } from "../../support/kubernetes-cluster.ts";
import { S3Server } from "../../support/peers/s3-server.ts";
import { skipNote } from "../../support/skip-note.ts";
import { liteAt } from "../etcdctl-lite/lite.ts";

const configuration = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aescbc: { keys: [{ name: key1, secret: ${randomBytes(32).toString("base64")} }] }
  - identity: {}
`;

/** As kube-apiserver stores them. */
const widgets: Readonly<Record<string, object>> = {
  "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com": {
    kind: "CustomResourceDefinition",
    apiVersion: "apiextensions.k8s.io/v1",
    metadata: { name: "widgets.example.com", uid: "6c3b2f6e-8a35-4f0e-9a8a-2c8f7b3f1a10", generation: 1 },
    spec: {
      group: "example.com",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true }],
    },
    status: { storedVersions: ["v1"] },
  },
  ...Object.fromEntries(
    ["one", "two"].map((name, i) => [
      `/registry/example.com/widgets/shop/${name}`,
      {
        apiVersion: "example.com/v1",
        kind: "Widget",
        metadata: { name, namespace: "shop", uid: `6c3b2f6e-8a35-4f0e-9a8a-2c8f7b3f1a2${i}`, generation: 1 },
        spec: { size: i, note: "of the shop" },
      },
    ]),
  ),
};

type Stored = ReadonlyMap<string, { readonly value: string; readonly modRevision: bigint }>;

async function everyKey(etcd: Etcd): Promise<Stored> {
  const { kvs } = await etcd.kv.range({ key: "/registry/", rangeEnd: "/registry0" });
  return new Map(
    kvs.map(({ key, value, modRevision }) => [
      Buffer.from(key).toString(),
      { value: Buffer.from(value).toString("hex"), modRevision },
    ]),
  );
}

const isOfShop = (key: string): boolean => /\/shop(\/|$)/.test(key);

const skipped = await clusterSkipReason();

test.skipIf(skipped !== "")(
  `a namespace with its custom resources and sealed Secrets comes back from a bucket, byte for byte, and nothing else moves${skipNote(skipped !== "", skipped)}`,
  async () => {
    await using folder = await tempFolder();
    await using bucket = await S3Server.start();
    const snapshot = await clusterSnapshot(folder.path);
    const dataDir = join(folder.path, "data");
    await restoreSnapshot(snapshot, { dataDir, bumpRevision: false });
    await using local = await startLocalEtcd({ dataDir });
    await using etcd = await clientOf(local);
    const encryption = join(folder.path, "encryption.yaml");
    await writeFile(encryption, configuration);
    const transform = (await encryptionConfiguration(configuration))["secrets"];
    if (transform === undefined || !isWrapping(transform))
      throw new Error("the configuration seals no secrets");
    const { kvs } = await etcd.kv.range({ key: "/registry/secrets/", rangeEnd: "/registry/secrets0" });
    for (const { key, value } of kvs) {
      await etcd.kv.put({ key, value: await transform.wrap(Buffer.from(key).toString(), value) });
    }
    for (const [key, object] of Object.entries(widgets)) {
      await etcd.kv.put({ key, value: JSON.stringify(object) });
    }

    const keys = { encryptionKey: randomBytes(32), signingKey: randomBytes(32) };
    const repository = await openRepository({
      directory: "s3://backups/prod",
      s3: { endpoint: bucket.endpoint, credentials: bucket.credentials },
      ...keys,
    });
    await repository.backup(etcd);
    // What came after the full comes back, too.
    const late = "/registry/example.com/widgets/shop/two";
    const changed = { ...widgets[late], spec: { size: 7 } };
    await etcd.kv.put({ key: late, value: JSON.stringify(changed) });
    await repository.delta(etcd);

    const before = await everyKey(etcd);
    const shop = [...before.keys()].filter(isOfShop);
    expect(shop.length).toBeGreaterThan(55);
    expect(shop.filter((key) => key.startsWith("/registry/secrets/")).length).toBe(2);
    for (const key of shop) await etcd.kv.deleteRange({ key });

    vi.stubEnv("AWS_ENDPOINT_URL", bucket.endpoint);
    vi.stubEnv("AWS_ACCESS_KEY_ID", bucket.credentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", bucket.credentials.secretAccessKey);
    const files = { encryption: join(folder.path, "chunks.key"), signing: join(folder.path, "signing.key") };
    await writeFile(files.encryption, keys.encryptionKey);
    await writeFile(files.signing, keys.signingKey);
    const lite = liteAt(local.endpoints);
    const place = [
      ...["--repository", "s3://backups/prod", "--encryption-key-file", files.encryption],
      ...["--signing-key-file", files.signing, "--encryption-config", encryption, "-n", "shop"],
    ];
    const plan = await lite(["restore", "objects", ...place, "--dry-run"]);
    expect(plan, plan.stderr).toMatchObject({ code: 0 });
    expect(await everyKey(etcd)).toEqual(new Map([...before].filter(([key]) => !isOfShop(key))));

    const done = await lite(["restore", "objects", ...place, "--yes"]);
    expect(done, done.stderr).toMatchObject({ code: 0 });
    expect(done.stdout).toContain("widgets.example.com");
    const after = await everyKey(etcd);
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [key, { value, modRevision }] of before) {
      expect(after.get(key)?.value, key).toBe(value);
      // Of other namespaces nothing was written.
      if (!isOfShop(key)) expect(after.get(key)?.modRevision, key).toBe(modRevision);
    }
    expect(JSON.parse(Buffer.from(after.get(late)?.value ?? "", "hex").toString())).toEqual(changed);
    // As objects, with the Secret opened by the cluster's own configuration.
    const secret = await lite([
      ...["resources", "get", "secret", "mysecret", "-n", "shop", "-o", "yaml"],
      ...["--encryption-config", encryption],
    ]);
    expect(secret, secret.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(secret.stdout).toContain("name: mysecret");
    vi.unstubAllEnvs();
  },
  120_000,
);
