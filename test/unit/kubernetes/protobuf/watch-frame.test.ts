/** Watch events as Kubernetes' protobuf stream carries them, and what else travels as protobuf. */
import {
  decodeKubernetes,
  decodeKubernetesWatchEvents,
  encodeKubernetesProtobuf,
  encodeKubernetesWatchEvent,
} from "keelson/kubernetes";
import { describe, expect, test } from "vitest";
import type { AnyResource } from "../../../../src/resource/model/resource.ts";

const pod = (name: string): AnyResource =>
  ({
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name },
    spec: { containers: null },
    status: {},
  }) as unknown as AnyResource;

describe("watch frames", () => {
  test("events come out as they went in, whole frames alone, from an object or its bytes", () => {
    const frames = Buffer.concat([
      encodeKubernetesWatchEvent("ADDED", pod("a")),
      encodeKubernetesWatchEvent("MODIFIED", encodeKubernetesProtobuf(pod("b"))),
    ]);
    const { events, bytesRead } = decodeKubernetesWatchEvents(frames);
    expect(bytesRead).toBe(frames.length);
    expect(events).toEqual([
      { type: "ADDED", object: pod("a") },
      { type: "MODIFIED", object: pod("b") },
    ]);
    const cut = decodeKubernetesWatchEvents(frames.subarray(0, frames.length - 1));
    expect(cut.events).toHaveLength(1);
    expect(cut.bytesRead).toBeLessThan(frames.length / 2 + 1);
  });

  test("begin with their length, then the type, then the object with its envelope", () => {
    const frame = Buffer.from(encodeKubernetesWatchEvent("DELETED", pod("a")));
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    expect(frame.subarray(4, 13).toString("latin1")).toBe("\x0a\x07DELETED");
    const raw = encodeKubernetesProtobuf(pod("a"));
    expect(Buffer.compare(frame.subarray(frame.length - raw.length), raw)).toBe(0);
  });

  test("damaged ones are CORRUPT_OBJECT", () => {
    const tooLong = Buffer.from([0x7f, 0, 0, 0, 1]);
    const empty = Buffer.from([0, 0, 0, 2, 0x08, 0x01]);
    for (const bytes of [tooLong, empty]) {
      expect(() => decodeKubernetesWatchEvents(bytes)).toThrow(
        expect.objectContaining({ code: "CORRUPT_OBJECT" }),
      );
    }
  });
});

test("Status, lists and options travel as protobuf, too", () => {
  const list = { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "7" }, items: [pod("a")] };
  const read = decodeKubernetes(encodeKubernetesProtobuf(list as unknown as AnyResource));
  // Members of a list have no kind of their own in protobuf.
  expect(read).toMatchObject({ metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "a" } }] });
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    reason: "NotFound",
    code: 404,
  };
  expect(decodeKubernetes(encodeKubernetesProtobuf(status as unknown as AnyResource))).toEqual(status);
  const options = { kind: "DeleteOptions", apiVersion: "apps/v1", propagationPolicy: "Background" };
  expect(decodeKubernetes(encodeKubernetesProtobuf(options as unknown as AnyResource))).toEqual(options);
});
