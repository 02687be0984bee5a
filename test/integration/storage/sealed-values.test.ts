/** What etcd and a snapshot of it show of sealed values: nothing, of real bytes in a real etcd. */
import { inspect } from "node:util";
import { aesGcm, createValueCodec, jsonCodec, msgpackCodec, sealedUnder } from "keelson/codec";
import { startLocalEtcd } from "keelson/etcd";
import { expect, it } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { pod, podKind, writeId } from "../../unit/codec/objects.ts";

const canary = "CANARY7f3a91";

function secret(name: string): AnyResource {
  const object = pod(name);
  object.metadata.labels = { [`${canary}-label`]: `${canary}-label-value` };
  object.metadata.annotations = { [`${canary}-annotation`]: `${canary}-annotation-value` };
  object["spec"] = { nodeName: `${canary}-field` };
  object["data"] = { password: canary, long: canary.repeat(4000) };
  return object;
}

it("no byte of a sealed object's body, labels, annotations or fields is in etcd, its snapshot or what inspect shows", async () => {
  await using local = await startLocalEtcd();
  await using etcd = await connect(local.endpoints);
  const transform = aesGcm({ keys: [{ id: "k1", key: new Uint8Array(32).fill(5) }] });
  for (const [i, codec] of [
    msgpackCodec({ compressAboveBytes: 1000 }),
    jsonCodec(),
    jsonCodec({ raw: true }),
  ].entries()) {
    const values = createValueCodec({ kind: podKind, codec, transform });
    const key = `/registry/secrets/default/s-${i}`;
    const object = secret(`s-${i}`);
    const stored = await values.seal({ key, object, head: podKind.headOf(object), writeId });
    await etcd.kv.put({ key, value: stored });
    const { kvs } = await etcd.kv.range({ key });
    const read = kvs[0]?.value ?? new Uint8Array();
    expect(values.object(await values.open(key, read))["data"]).toEqual(object["data"]);
    expect(sealedUnder(read)).toBe("k1");
    expect(
      inspect([values, transform, etcd], { depth: 12, showHidden: true, maxStringLength: null }),
    ).not.toContain(canary);
  }
  const { kvs } = await etcd.kv.range({ key: new Uint8Array([0]), rangeEnd: new Uint8Array([0xff]) });
  expect(kvs.length).toBeGreaterThanOrEqual(3);
  for (const { key, value } of kvs) {
    expect(Buffer.from(key).includes(canary)).toBe(false);
    expect(Buffer.from(value).includes(canary)).toBe(false);
  }
  const chunks: Uint8Array[] = [];
  for await (const { bytes } of etcd.maintenance.snapshot()) chunks.push(bytes);
  const snapshot = Buffer.concat(chunks);
  expect(snapshot.includes("/registry/secrets/default/s-0")).toBe(true);
  expect(snapshot.includes(canary)).toBe(false);
});
