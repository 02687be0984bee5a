/** The doctor on real clusters: sound ones, one out of space, one with a member gone, and members that differ. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createStore } from "keelson";
import { connectEtcd, type Etcd, startLocalCluster, startLocalEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { hashFindings, type Reached } from "../../../../tools/etcdctl-lite/commands/doctor/agreement.ts";
import { historyFacts } from "../../../../tools/etcdctl-lite/commands/doctor/history.ts";
import { CertificateAuthority, hasOpenssl } from "../../../support/etcd/certificates.ts";
import { forAll } from "../../../support/for-all.ts";
import { patientMs, until } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";

interface Report {
  readonly members: readonly { readonly endpoint: string; readonly leader: boolean }[];
  readonly findings: readonly { level: string; check: string; where: string; what: string; advice: string }[];
  readonly errors: number;
  readonly warnings: number;
}

/** What the doctor finds, but for what is known of the etcd the tests happen to run on. */
async function report(
  endpoints: readonly string[],
  args: readonly string[] = [],
): Promise<Report & { readonly code: number; readonly stderr: string }> {
  const { code, stdout, stderr } = await liteAt(endpoints)([
    "--dial-timeout=10s",
    ...args,
    "doctor",
    "-w",
    "json",
  ]);
  const found = JSON.parse(stdout) as Report;
  return { ...found, findings: found.findings.filter(({ check }) => check !== "version"), code, stderr };
}

const session = {
  call: { timeoutMs: 20_000, requestTimeoutMs: 20_000, signal: new AbortController().signal },
  io: {
    stdin: { async *[Symbol.asyncIterator]() {} },
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: {},
    signal: new AbortController().signal,
    program: "etcdctl-lite",
  },
};

test("several endpoints that cannot be reached are told one by one", async () => {
  const gone = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
  const { code, members, findings } = await report(gone);
  expect({ code, members }).toEqual({ code: 1, members: [] });
  expect(findings.map(({ check, where }) => [check, where])).toEqual(gone.map((each) => ["reach", each]));
  expect(findings[0]?.advice).toContain("Is etcd running there?");
});

test("an endpoint that accepts connections and is silent does not hide the others, wherever it stands", async () => {
  await using local = await startLocalEtcd();
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    for (const given of [
      [url, ...local.endpoints],
      [...local.endpoints, url],
    ]) {
      const { code, findings, members } = await report(given, ["--dial-timeout=1s", "--command-timeout=2s"]);
      expect(code).toBe(1);
      expect(members.map(({ endpoint }) => endpoint)).toEqual(local.endpoints);
      expect(findings.map(({ check, where }) => [check, where])).toEqual([["reach", url]]);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test("an endpoint that is no member's is reported when it does not answer, or is of another cluster", async () => {
  await using one = await startLocalEtcd();
  await using two = await startLocalEtcd();
  const dead = "http://127.0.0.1:1";
  const given = [...one.endpoints, dead, ...two.endpoints];
  const { code, findings, members } = await report(given);
  // Either is the cluster that is looked at; the other is the stranger.
  const looked = members.map(({ endpoint }) => endpoint);
  expect(looked).toHaveLength(1);
  expect(findings.map(({ level, where }) => [level, where])).toEqual(
    given.filter((each) => !looked.includes(each)).map((each) => ["error", each]),
  );
  expect(findings.map(({ what }) => what).sort()).toEqual([
    expect.stringContaining("does not answer"),
    "is a member of another cluster",
  ]);
  expect(code).toBe(1);
  // Another name of a member is none.
  const [url = ""] = one.endpoints;
  const alias = url.replace("127.0.0.1", "localhost");
  expect((await report([url, alias])).findings).toEqual([]);
});

describe("a cluster of three", () => {
  const cluster = forAll(() => startLocalCluster({ size: 3 }));

  test("that is sound has members that agree, one leader, and nothing to do", async () => {
    await using etcd = await connectEtcd({ endpoints: cluster().endpoints, requestTimeoutMs: patientMs });
    await using _store = await createStore({ etcd, kinds: [], compaction: false });
    let found = await report(cluster().endpoints.slice(0, 1));
    // On a busy machine a leader may be lost for a moment, and the doctor says so.
    await until(
      async () => {
        if (found.findings.length === 0) return true;
        found = await report(cluster().endpoints.slice(0, 1));
        return false;
      },
      `the doctor finds nothing: ${JSON.stringify(found.findings)}`,
    );
    const { members, findings, code, stderr } = found;
    expect(findings).toEqual([]);
    expect([members.length, members.filter(({ leader }) => leader).length]).toEqual([3, 1]);
    expect([code, stderr]).toEqual([0, ""]);
    const text = await liteAt(cluster().endpoints)(["doctor"]);
    expect(text.stdout).toMatch(/^http:.*: etcd 3\.\d+\.\d+, .*, (leader|follower), revision \d+$/m);
  });

  test("with a store whose epoch is gone is told so", async () => {
    await using etcd = await connectEtcd({ endpoints: cluster().endpoints, requestTimeoutMs: patientMs });
    {
      await using _store = await createStore({ etcd, kinds: [], prefix: "/lost", compaction: false });
    }
    await etcd.kv.deleteRange({ key: "/keelson/lost/epoch" });
    const { findings } = await report(cluster().endpoints, ["--registry=/lost"]);
    expect(findings).toContainEqual(
      expect.objectContaining({ level: "warning", check: "epoch", where: "/keelson/lost/epoch" }),
    );
    expect((await report(cluster().endpoints, ["--registry=/lost", "--strict"])).code).toBe(1);
  });

  test("with a member gone names it, and what to do", async () => {
    const [gone, ...others] = cluster().members;
    await gone?.kill();
    const { findings, errors, code } = await report(others.flatMap(({ endpoints }) => endpoints));
    const lost = findings.find(({ check }) => check === "reach");
    expect(lost).toMatchObject({ level: "error", where: gone?.endpoints[0] });
    expect(lost?.what).toContain("connection refused");
    expect(errors).toBeGreaterThanOrEqual(1);
    expect(code).toBe(1);
  });
});

test("an etcd out of space has an alarm, and is full", async () => {
  await using etcd = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes=1048576"] });
  const lite = liteAt(etcd.endpoints);
  const value = "x".repeat(500_000);
  await until(async () => {
    await lite(["put", "fill"], { stdin: value });
    return (await lite(["alarm", "list"])).stdout.includes("NOSPACE");
  });
  const { findings, code } = await report(etcd.endpoints);
  expect(findings.map(({ level, check }) => `${level} ${check}`)).toEqual(
    expect.arrayContaining(["error alarm", "error size"]),
  );
  expect(findings.find(({ check }) => check === "alarm")?.advice).toContain("alarm disarm");
  expect(code).toBe(1);
  const text = await lite(["doctor"]);
  expect(text.stdout).toContain("has raised alarm NOSPACE\n    delete what is not needed, compaction");
  expect(text.stderr).toMatch(/^Error: 2 errors/);
});

test("members that hold different data are found by their hash, and those that agree are not", async () => {
  await using one = await startLocalEtcd();
  await using two = await startLocalEtcd();
  await using first = await connectEtcd({ endpoints: one.endpoints, requestTimeoutMs: patientMs });
  await using second = await connectEtcd({ endpoints: two.endpoints, requestTimeoutMs: patientMs });
  const reached = async (etcd: Etcd): Promise<Reached> => {
    const [endpoint = ""] = etcd.endpoints;
    return { endpoint, etcd, status: await etcd.maintenance.status({ endpoint }) };
  };
  for (const etcd of [first, second]) await etcd.kv.put({ key: "same", value: "1" });
  const both = async (): Promise<readonly Reached[]> => [await reached(first), await reached(second)];
  expect(await hashFindings(session, await both(), false)).toEqual([]);
  await first.kv.put({ key: "differs", value: "a" });
  await second.kv.put({ key: "differs", value: "b" });
  expect(await hashFindings(session, await both(), false)).toMatchObject([{ level: "error", check: "hash" }]);
});

test("the compacted revision is read without writing", async () => {
  await using local = await startLocalEtcd();
  await using etcd = await connectEtcd({ endpoints: local.endpoints, requestTimeoutMs: patientMs });
  for (let at = 0; at < 5; at++) await etcd.kv.put({ key: "k", value: `${at}` });
  expect(await historyFacts(session, etcd)).toEqual({ revision: 6n, compacted: 0n, clock: undefined });
  await etcd.kv.compact(4n);
  expect(await historyFacts(session, etcd)).toEqual({ revision: 6n, compacted: 4n, clock: undefined });
});

const openssl = await hasOpenssl();
const skipped = openssl ? "" : " (skipped: no openssl on this machine)";

test.skipIf(!openssl)(
  `certificates of the server and of the command line are looked at${skipped}`,
  async () => {
    await using ca = await CertificateAuthority.create("doctor CA");
    // Certificates of these tests are valid for two days.
    const server = await ca.issue("server", { names: ["IP:127.0.0.1"] });
    const client = await ca.issue("client", { names: ["DNS:client"] });
    const { certFile, keyFile } = server;
    const tls = [`--cert-file=${certFile}`, `--key-file=${keyFile}`, "--client-cert-auth"];
    await using etcd = await startLocalEtcd({ extraArgs: [...tls, `--trusted-ca-file=${ca.caFile}`] });
    const { findings, code } = await report(etcd.endpoints, [
      ...["--cacert", ca.caFile, "--cert", client.certFile, "--key", client.keyFile],
    ]);
    expect(code).toBe(1);
    expect(findings.map(({ check, where }) => `${check} ${where}`)).toEqual([
      `certificate ${etcd.endpoints[0]}`,
      `certificate --cert ${client.certFile}`,
      `certificate --cacert ${ca.caFile}`,
    ]);
    expect(findings[0]?.what).toMatch(/the server's certificate \(CN=server\) expires in [12] days?/);
  },
);
