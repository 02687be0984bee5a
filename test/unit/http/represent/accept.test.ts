/** Which of a kind's representations an Accept header gets: headers as kubectl, client-go and browsers send them. */
import {
  jsonRepresentation,
  metadataRepresentation,
  nameAndAge,
  negotiate,
  parseAccept,
  protobufRepresentation,
  tableRepresentation,
  yamlRepresentation,
} from "keelson/http";
import { describe, expect, it } from "vitest";

const pod = { group: "", version: "v1", kind: "Pod" };
const json = jsonRepresentation(pod);
const table = tableRepresentation(nameAndAge);
const metadata = metadataRepresentation();
const protobuf = protobufRepresentation(pod, () => new Uint8Array());
const yaml = yamlRepresentation(pod, String);
const all = [json, table, metadata, protobuf, yaml];

describe("negotiate", () => {
  const cases = [
    [undefined, json],
    ["", json],
    ["*/*", json],
    ["application/*", json],
    ["text/html,application/xhtml+xml,*/*;q=0.8", json],
    [
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
      table,
    ],
    ["application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", json],
    ["application/json;as=Table;g=other;v=v1", undefined],
    ["application/vnd.kubernetes.protobuf,application/json", protobuf],
    ["application/json;q=0.5, application/vnd.kubernetes.protobuf", protobuf],
    ["application/vnd.kubernetes.protobuf;q=0, application/json", json],
    [
      "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
      metadata,
    ],
    ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", metadata],
    ["APPLICATION/JSON; charset=utf-8", json],
    ["application/json;stream=watch", json],
    ["application/yaml", yaml],
    ["text/plain", undefined],
    ["nonsense", undefined],
  ] as const;
  for (const [accept, representation] of cases) {
    it(`${accept ?? "no header"}`, () => {
      const found = negotiate(accept, all);
      expect(found === undefined ? undefined : [found.type, found.shape]).toEqual(
        representation === undefined ? undefined : [representation.type, representation.shape],
      );
    });
  }

  it("passes over what cannot be watched", () => {
    expect(negotiate("application/yaml", all, "watch")).toBeUndefined();
    expect(negotiate("application/yaml,application/json", all, "watch")).toBe(json);
    expect(negotiate("application/vnd.kubernetes.protobuf;stream=watch", all, "watch")).toBe(protobuf);
  });
});

describe("parseAccept", () => {
  it("keeps the client's order among equals and cuts endless headers", () => {
    expect(parseAccept("b/b,a/a;q=0.9,c/c").map(({ type }) => type)).toEqual(["b/b", "c/c", "a/a"]);
    expect(parseAccept("a/a,".repeat(100_000)).length).toBeLessThan(2_000);
  });
});
