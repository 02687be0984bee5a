/** Lists and frames as bytes: read back by a parser of the format, and made once for all who ask. */
import {
  jsonRepresentation,
  metadataRepresentation,
  nameAndAge,
  protobufRepresentation,
  type Representation,
  tableRepresentation,
  yamlRepresentation,
} from "keelson/http";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import type { WatchEvent } from "../../../../src/resource/contract/watch.ts";
import type { Resource } from "../../../../src/resource/model/resource.ts";

const kind = { group: "apps", version: "v1", kind: "Thing" };
const thing = (name: string): Resource => ({
  apiVersion: "apps/v1",
  kind: "Thing",
  metadata: {
    name,
    uid: "u",
    resourceVersion: "7",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
});
const itemOf = (form: Representation, name: string): Uint8Array => form.view.project(thing(name));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const bodyOf = (form: Representation, names: readonly string[]): Buffer => {
  const items = names.map((name) => itemOf(form, name));
  const list = form.list({ items, resourceVersion: "9", continueToken: "next", remainingItemCount: 3 });
  const body = Buffer.concat([...list.slabs]);
  expect(body.byteLength).toBe(list.sizeBytes);
  return body;
};

const event = (form: Representation, name: string): WatchEvent<Uint8Array> => ({
  type: "ADDED",
  object: itemOf(form, name),
  resourceVersion: "7",
});
const bookmark: WatchEvent<Uint8Array> = { type: "BOOKMARK", resourceVersion: "8", initialEventsEnd: true };
const metadata = { resourceVersion: "8", annotations: { "k8s.io/initial-events-end": "true" } };

/** Kubernetes' frame around what `Message` would be. */
const root = protobuf.parse(`syntax = "proto2";
  message TypeMeta { optional string apiVersion = 1; optional string kind = 2; }
  message Unknown { optional TypeMeta typeMeta = 1; optional bytes raw = 2; optional string contentEncoding = 3; optional string contentType = 4; }
  message ListMeta { optional string selfLink = 1; optional string resourceVersion = 2; optional string continue = 3; optional int64 remainingItemCount = 4; }
  message List { optional ListMeta metadata = 1; repeated bytes items = 2; }
  message RawExtension { optional bytes raw = 1; }
  message WatchEvent { optional string type = 1; optional RawExtension object = 2; }`).root;
const decode = (type: string, bytes: Uint8Array): Record<string, unknown> =>
  root.lookupType(type).toObject(root.lookupType(type).decode(bytes), { longs: Number });
const envelope = (raw: Uint8Array): Uint8Array => {
  const Unknown = root.lookupType("Unknown");
  const typeMeta = { apiVersion: "apps/v1", kind: "Thing" };
  return Buffer.concat([Buffer.from("k8s\0"), Unknown.encode({ typeMeta, raw, contentType: "" }).finish()]);
};

describe("JSON", () => {
  it("a list is Kubernetes' list", () => {
    const form = jsonRepresentation(kind);
    for (const names of [[], ["a"], ["a", "b", "c"]]) {
      expect(JSON.parse(text(bodyOf(form, names)))).toEqual({
        kind: "ThingList",
        apiVersion: "apps/v1",
        metadata: { resourceVersion: "9", continue: "next", remainingItemCount: 3 },
        items: names.map(thing),
      });
    }
  });

  it("a list larger than many slabs is whole", () => {
    const form = jsonRepresentation(kind);
    const names = Array.from({ length: 9_000 }, (_, index) => `thing-${index}`);
    const body = JSON.parse(text(bodyOf(form, names))) as { items: unknown[] };
    expect(body.items).toEqual(names.map(thing));
  });

  it("an event is a line, and its chunk is that line in HTTP's chunked coding", () => {
    const form = jsonRepresentation(kind);
    const { plain, chunk } = form.frames([event(form, "a"), bookmark]);
    expect(
      text(plain)
        .split("\n")
        .slice(0, 2)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { type: "ADDED", object: thing("a") },
      { type: "BOOKMARK", object: { kind: "Thing", apiVersion: "apps/v1", metadata } },
    ]);
    expect(text(chunk)).toBe(`${plain.byteLength.toString(16)}\r\n${text(plain)}\r\n`);
  });

  it("frames of one batch are made once, and shared", () => {
    const form = jsonRepresentation(kind);
    const batch = [event(form, "a")];
    expect(form.frames(batch)).toBe(form.frames(batch));
    expect(form.frames([...batch])).not.toBe(form.frames(batch));
  });

  it("a fault is an ERROR with a Status", () => {
    const status = { kind: "Status", code: 410 };
    expect(JSON.parse(text(jsonRepresentation(kind).errorFrames(status).plain))).toEqual({
      type: "ERROR",
      object: status,
    });
  });
});

describe("metadata", () => {
  it("is the object without its body", () => {
    const form = metadataRepresentation();
    const partial = (name: string): object => ({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata: thing(name).metadata,
    });
    expect(JSON.parse(text(form.object(itemOf(form, "a"))))).toEqual(partial("a"));
    expect(JSON.parse(text(bodyOf(form, ["a", "b"])))).toMatchObject({
      kind: "PartialObjectMetadataList",
      items: [partial("a"), partial("b")],
    });
  });
});

describe("Table", () => {
  const columns = [{ name: "Name", type: "string", format: "name", cell: (o: Resource) => o.metadata.name }];
  const definition = { name: "Name", type: "string", format: "name", description: "", priority: 0 };
  const row = (name: string): object => ({
    cells: [name],
    object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: thing(name).metadata },
  });

  it("an object, a list and an event have rows", () => {
    const form = tableRepresentation(columns);
    const table = { kind: "Table", apiVersion: "meta.k8s.io/v1", columnDefinitions: [definition] };
    expect(JSON.parse(text(form.object(itemOf(form, "a"))))).toEqual({
      ...table,
      metadata: {},
      rows: [row("a")],
    });
    expect(JSON.parse(text(bodyOf(form, ["a", "b"])))).toMatchObject({
      ...table,
      rows: [row("a"), row("b")],
    });
    const [line = ""] = text(form.frames([event(form, "a")]).plain).split("\n");
    expect(JSON.parse(line)).toEqual({ type: "ADDED", object: { ...table, metadata: {}, rows: [row("a")] } });
  });

  it("carries of the object what includeObject asks for", () => {
    const none = tableRepresentation(columns, "None");
    expect(JSON.parse(text(itemOf(none, "a")))).toEqual({ cells: ["a"] });
    const whole = tableRepresentation(columns, "Object");
    expect(JSON.parse(text(itemOf(whole, "a")))).toEqual({ cells: ["a"], object: thing("a") });
    const plain = tableRepresentation(nameAndAge);
    expect(JSON.parse(text(itemOf(plain, "a")))).toMatchObject({ cells: ["a", "2026-01-01T00:00:00Z"] });
  });
});

describe("protobuf", () => {
  const form = protobufRepresentation(kind, (object) =>
    envelope(Buffer.from((object.metadata as { name?: string }).name ?? JSON.stringify(object))),
  );

  it("a list is Unknown around a list message of the items' own messages", () => {
    for (const names of [[], ["a", "", "x".repeat(70_000)]]) {
      const body = bodyOf(form, names);
      expect(text(body.subarray(0, 4))).toBe("k8s\0");
      const unknown = decode("Unknown", body.subarray(4));
      expect(unknown["typeMeta"]).toEqual({ apiVersion: "apps/v1", kind: "ThingList" });
      const list = decode("List", unknown["raw"] as Uint8Array);
      expect(list["metadata"]).toEqual({ resourceVersion: "9", continue: "next", remainingItemCount: 3 });
      expect(((list["items"] ?? []) as Uint8Array[]).map(text)).toEqual(names);
    }
  });

  it("events are frames with their length, the object with its envelope inside", () => {
    const { plain } = form.frames([event(form, "a"), event(form, "x".repeat(70_000)), bookmark]);
    const seen: [unknown, string][] = [];
    for (let at = 0; at < plain.byteLength; ) {
      const length = new DataView(plain.buffer, plain.byteOffset + at).getUint32(0);
      const frame = decode("WatchEvent", plain.subarray(at + 4, at + 4 + length));
      const object = (frame["object"] as { raw: Uint8Array }).raw;
      const unknown = decode("Unknown", object.subarray(4));
      seen.push([frame["type"], text(unknown["raw"] as Uint8Array)]);
      at += 4 + length;
    }
    expect(seen).toEqual([
      ["ADDED", "a"],
      ["ADDED", "x".repeat(70_000)],
      ["BOOKMARK", JSON.stringify({ apiVersion: "apps/v1", kind: "Thing", metadata })],
    ]);
  });

  it("refuses to list what is not in its envelope", () => {
    expect(() => form.list({ items: [Buffer.from("{}")], resourceVersion: "1" })).toThrow(
      expect.objectContaining({ code: "CORRUPT_OBJECT" }),
    );
  });
});

describe("YAML", () => {
  it("is the caller's writer over the same objects", () => {
    const form = yamlRepresentation(kind, (value) => `yaml ${JSON.stringify(value)}`);
    expect(text(form.object(itemOf(form, "a")))).toBe(`yaml ${JSON.stringify(thing("a"))}`);
    expect(JSON.parse(text(bodyOf(form, ["a"])).slice(5))).toMatchObject({ kind: "ThingList" });
  });
});
