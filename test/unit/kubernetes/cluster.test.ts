/** Every value that a real kube-apiserver 1.20.2 wrote: read, shown, and written back byte for byte. */
import { isStoreError } from "keelson";
import {
  decodeKubernetes,
  encodeKubernetes,
  encodeKubernetesProtobuf,
  isKubernetesProtobuf,
  type UnknownField,
} from "keelson/kubernetes";
import { beforeAll, describe, expect, test } from "vitest";
import { tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { clusterSnapshot, clusterValues } from "../../support/kubernetes-cluster.ts";

describe("an etcd of Kubernetes 1.20", () => {
  let values: Awaited<ReturnType<typeof clusterValues>>;
  beforeAll(async () => {
    await using folder = await tempFolder();
    values = await clusterValues(await clusterSnapshot(folder.path));
  });
  const protobuf = (): typeof values => values.filter(({ value }) => isKubernetesProtobuf(value));

  test("every protobuf value decodes without an unknown field and encodes to its own bytes", () => {
    const kinds = new Set<string>();
    for (const { key, value } of protobuf()) {
      const unknown: UnknownField[] = [];
      const object = decodeKubernetes(value, { onUnknownFields: (fields) => unknown.push(...fields) });
      expect(unknown, key).toEqual([]);
      expect(Buffer.compare(encodeKubernetes(object), value), key).toBe(0);
      kinds.add(`${object.apiVersion} ${object.kind}`);
    }
    expect(protobuf()).toHaveLength(244);
    expect(kinds.size).toBe(25);
  });

  test("written anew, in today's form, it decodes to the same object", () => {
    for (const { key, value } of protobuf()) {
      const object = decodeKubernetes(value);
      const anew = encodeKubernetesProtobuf(structuredClone(object));
      expect(decodeKubernetes(anew), key).toEqual(object);
    }
  });

  test("JSON values, custom resources among them, are written anew byte for byte", () => {
    const json = values.filter(({ value }) => value[0] === 0x7b);
    expect(json.length).toBeGreaterThan(30);
    for (const { key, value } of json) {
      expect(Buffer.from(encodeKubernetes(structuredClone(decodeKubernetes(value)))).toString(), key).toBe(
        Buffer.from(value).toString(),
      );
    }
  });

  test.each([1, 7])("one byte in %i cut off or turned over is read, or is CORRUPT_OBJECT", (step) => {
    const largest = [...protobuf()]
      .sort((a, b) => b.value.length - a.value.length)
      .slice(0, step === 1 ? 2 : 30);
    for (const { value } of largest) {
      for (let at = 0; at < value.length; at += step) {
        const cut = value.subarray(0, at);
        expectReadOrCorrupt(cut);
        const turned = value.slice();
        turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8));
        expectReadOrCorrupt(turned);
      }
    }
  });
});

function expectReadOrCorrupt(bytes: Uint8Array): void {
  try {
    decodeKubernetes(bytes);
  } catch (error) {
    if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
    expect(error.details.reason).not.toBe("");
  }
}
