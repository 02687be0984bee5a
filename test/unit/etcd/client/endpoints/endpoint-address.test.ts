import { describe, expect, it } from "vitest";
import { isStoreError } from "../../../../../src/errors.ts";
import { parseEndpoint, parseEndpoints } from "../../../../../src/etcd/client/endpoints/endpoint-address.ts";

describe("parseEndpoints()", () => {
  it.each([
    ["http://127.0.0.1:2379", "http://127.0.0.1:2379", "127.0.0.1"],
    ["https://[127.0.0.1]:2379", "https://127.0.0.1:2379", "127.0.0.1"],
    ["http://[::1]:2379/", "http://[::1]:2379", "::1"],
    ["HTTPS://Etcd-1.Example", "https://etcd-1.example:2379", "etcd-1.example"],
    ["etcd_0.local:4001", "http://etcd_0.local:4001", "etcd_0.local"],
  ])("%s is %s", (text, url, host) => {
    expect(parseEndpoint(text, false)).toMatchObject({ url, host });
  });

  it.each([
    ["unix:///run/etcd.sock", "unix:///run/etcd.sock", "/run/etcd.sock", false],
    ["unix:/run/etcd.sock", "unix:///run/etcd.sock", "/run/etcd.sock", false],
    ["unix://kine.sock", "unix://kine.sock", "kine.sock", false],
    ["unix://localhost:2379", "unix://localhost:2379", "localhost:2379", false],
    ["UNIXS:///Run/E.sock", "unixs:///Run/E.sock", "/Run/E.sock", true],
  ])("%s is the socket %s", (text, url, path, secure) => {
    expect(parseEndpoint(text, !secure)).toEqual({ url, path, secure, host: "localhost", port: 0 });
  });

  it("takes a comma list, drops repetitions and lets the TLS options decide where no scheme is", () => {
    expect(parseEndpoints("a:1, b:2,a:1", true).map((each) => each.url)).toEqual([
      "https://a:1",
      "https://b:2",
    ]);
  });

  it.each([
    [""],
    ["http://"],
    ["ftp://a:1"],
    ["http://a:0"],
    ["http://a:65536"],
    ["http://a:x"],
    ["http://a/path"],
    ["http://a?b"],
    ["http://[::1"],
    ["http://-a"],
    ["http://a b"],
    [[]],
    [["http://a", "https://b"]],
    [["unix:///a", "https://b"]],
    ["unix://"],
    ["unix:///run/"],
    ["unix:///run/a?b"],
    [`unix:///${"a".repeat(107)}`],
  ])("refuses %j", (endpoints) => {
    expect(() => parseEndpoints(endpoints, false)).toThrow(/Cannot connect to etcd/);
    try {
      parseEndpoints(endpoints, false);
    } catch (error) {
      expect(isStoreError(error, "INVALID_ARGUMENT")).toBe(true);
    }
  });

  it("quotes a refused endpoint without the credentials in it", () => {
    expect(() => parseEndpoint("http://root:hunter2@a:1", false)).toThrow(/^((?!hunter2).)*$/);
  });
});
