/** Endpoints from DNS, with a name server of the test's own: as an option of connectEtcd, and as flags of the tool. */
import { getServers, setServers } from "node:dns";
import { connectEtcd, discoverEndpoints, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CertificateAuthority, hasOpenssl } from "../../../support/etcd/certificates.ts";
import { type DnsServer, startDnsServer } from "../../../support/peers/dns-server.ts";
import { skipNote } from "../../../support/skip-note.ts";
import { liteAt, patience } from "../../etcdctl-lite/lite.ts";

const openssl = await hasOpenssl();
const usual = getServers();
const domain = "cluster.example";
let plain: LocalEtcd;
let secure: LocalEtcd | undefined;
let ca: CertificateAuthority | undefined;
let dns: DnsServer;

beforeAll(async () => {
  plain = await startLocalEtcd();
  const records = {
    "_etcd-client._tcp.cluster.example": [{ port: plain.clientPort, host: "localhost" }],
    "_etcd-client._tcp.both.example": [{ port: 1, host: "localhost" }],
    "_etcd-client-blue._tcp.cluster.example": [
      { priority: 20, port: 3, host: "localhost" },
      { priority: 10, port: 2, host: "localhost" },
    ],
  };
  if (!openssl) {
    dns = await startDnsServer(records);
    return;
  }
  ca = await CertificateAuthority.create("keelson test CA");
  const { certFile, keyFile } = await ca.issue("server", { names: ["DNS:both.example", "IP:127.0.0.1"] });
  secure = await startLocalEtcd({ extraArgs: [`--cert-file=${certFile}`, `--key-file=${keyFile}`] });
  const tls = [{ port: secure.clientPort, host: "localhost" }];
  dns = await startDnsServer({
    ...records,
    "_etcd-client-ssl._tcp.both.example": tls,
    "_etcd-client-ssl._tcp.other.example": tls,
  });
});
afterEach(() => setServers(usual));
afterAll(async () => {
  await plain.stop();
  await secure?.stop();
  await ca?.[Symbol.asyncDispose]();
  await dns[Symbol.asyncDispose]();
});

test("SRV records name the endpoints, in the order of their priority; TLS ones go first", async () => {
  const nameServers = [dns.address];
  expect(await discoverEndpoints({ domain, serviceName: "blue", insecure: true, nameServers })).toEqual([
    "http://localhost:2",
    "http://localhost:3",
  ]);
  expect(await discoverEndpoints({ domain: `${domain}.`, insecure: true, nameServers })).toHaveLength(1);
  expect(dns.asked).toContain("_etcd-client-ssl-blue._tcp.cluster.example");
  await using etcd = await connectEtcd({ discovery: { domain, insecure: true, nameServers } });
  await etcd.kv.put({ key: "found", value: "1" });
  expect(etcd.endpoints).toEqual([`http://localhost:${plain.clientPort}`]);
});

test.skipIf(!openssl)(
  `without insecure the certificate must be for the domain${skipNote(!openssl, "no openssl on this machine")}`,
  async () => {
    const nameServers = [dns.address];
    const tls = { ca: ca?.ca ?? "" };
    await using etcd = await connectEtcd({ discovery: { domain: "both.example", nameServers }, tls });
    await etcd.kv.put({ key: "found", value: "tls" });
    const other = connectEtcd({
      discovery: { domain: "other.example", nameServers },
      tls,
      timeoutMs: 30_000,
    });
    await expect(other).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("for another name"),
    });
    // The host's own name is verified instead where that is asked for, and the certificate is not for it.
    const host = connectEtcd({
      discovery: { domain: "both.example", insecure: true, nameServers },
      tls,
      timeoutMs: 30_000,
    });
    await expect(host).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("for another name"),
    });
  },
);

test("what cannot be found says which records were looked for", async () => {
  const nameServers = [dns.address];
  await expect(discoverEndpoints({ domain: "nowhere.example", nameServers })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(
      /no SRV records "_etcd-client-ssl\._tcp\.nowhere\.example" or "_etcd-client\._tcp/,
    ),
  });
  await expect(discoverEndpoints({ domain, nameServers })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("are plaintext (http://localhost:"),
  });
  await using silent = await startDnsServer("silent");
  const ended = new AbortController();
  const waiting = discoverEndpoints({ domain, nameServers: [silent.address], signal: ended.signal });
  ended.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(
    discoverEndpoints({ domain, nameServers: [silent.address], timeoutMs: 200 }),
  ).rejects.toMatchObject({ code: "DEADLINE" });
});

test("bad options are refused before anything is asked", async () => {
  const before = dns.asked.length;
  const nameServers = [dns.address];
  for (const [options, argument] of [
    [{ domain: "" }, "domain"],
    [{ domain: "a b" }, "domain"],
    [{ domain, serviceName: "x.y" }, "serviceName"],
    [{ domain, nameServers: ["not an address"] }, "nameServers"],
    [{ domain, insecure: 1 as unknown as boolean }, "insecure"],
    [{ domian: domain } as unknown as { domain: string }, "domian"],
  ] as const) {
    await expect(discoverEndpoints({ nameServers, ...options })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument },
    });
  }
  await expect(
    connectEtcd({ endpoints: plain.endpoints, discovery: { domain, nameServers } }),
  ).rejects.toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "discovery" } });
  await expect(connectEtcd({})).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    details: { argument: "endpoints" },
  });
  expect(dns.asked).toHaveLength(before);
});

test("etcdctl-lite --discovery-srv, -d and ETCDCTL_DISCOVERY_SRV take the place of --endpoints", async () => {
  setServers([dns.address]);
  const lite = liteAt(["127.0.0.1:1"]);
  await lite(["put", "key", "value"], { env: { ETCDCTL_DISCOVERY_SRV: domain } });
  for (const flags of [[`--discovery-srv=${domain}`], ["-d", domain]]) {
    expect(await lite([...flags, "get", "key"])).toMatchObject({
      code: 0,
      stdout: "key\nvalue\n",
      stderr: "",
    });
  }
  const named = await lite(["-d", domain, "--discovery-srv-name=none", "get", "key", ...patience]);
  expect(named).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("_etcd-client-none._tcp.cluster.example"),
  });
  expect(await lite(["-d", domain, "--insecure-discovery=false", "get", "key"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("are plaintext"),
  });
  expect((await lite(["-d", domain, "endpoint", "status", "-w", "json"])).stdout).toContain(
    `"Endpoint":"http://localhost:${plain.clientPort}"`,
  );
});
