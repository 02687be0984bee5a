/**
 * Encrypt secrets at rest with AES-GCM and rotate the key: values sealed with the old key stay readable, `rewrite`
 * seals everything with the new key, and only then may the old key be removed.
 */
import { randomBytes } from "node:crypto";
import { createStore, defineKind, type Resource } from "keelson";
import { aesGcm } from "keelson/codec";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Secret extends Resource {
  data: Record<string, string>;
}
const secretKind = defineKind<Secret>({
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
const oldKey = { id: "2026-01", key: randomBytes(32) };
const newKey = { id: "2026-07", key: randomBytes(32) };
const open = (...keys: { id: string; key: Uint8Array }[]) =>
  createStore({ etcd, kinds: [secretKind], transforms: { secrets: aesGcm({ keys }) } });

{
  await using store = await open(oldKey);
  await store.resources(secretKind).create({
    metadata: { namespace: "default", name: "password" },
    data: { text: "correct horse" },
  });
}
const stored = await etcd.kv.range({ key: "/registry/secrets/default/password" });
const bytes = Buffer.from(stored.kvs[0]?.value ?? []);
console.log(`in etcd: ${bytes.length} bytes, "correct horse" among them: ${bytes.includes("correct horse")}`);

{
  await using store = await open(newKey, oldKey); // the first key seals, all of them open
  const secret = await store.resources(secretKind).get({ namespace: "default", name: "password" });
  console.log(`read with both keys: ${secret.data["text"]}`);
  const { rewritten, left } = await store.rewrite(secretKind);
  console.log(`rewritten: ${rewritten}, left under the old key: ${left}`);
}
await using store = await open(newKey);
const secret = await store.resources(secretKind).get({ namespace: "default", name: "password" });
console.log(`read with the new key alone: ${secret.data["text"]}`);
