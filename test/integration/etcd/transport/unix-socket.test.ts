/** A real etcd that listens on a unix socket, alone or with TLS: everything a client does goes over it, over both transports. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saveSnapshot } from "../../../../src/backup/snapshot/save.ts";
import type { EtcdOptions } from "../../../../src/etcd/connect-etcd.ts";
import { findEtcd } from "../../../../src/etcd/local/find-etcd.ts";
import { type LocalEtcd, startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import { CertificateAuthority, hasOpenssl } from "../../../support/etcd/certificates.ts";
import { connect } from "../../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../../support/failures.ts";
import { folderForAll } from "../../../support/for-all.ts";
import { liteAt } from "../../etcdctl-lite/lite.ts";

const openssl = await hasOpenssl();
const transports = ["etcd3", "http2"];

describe("unix sockets", () => {
  let etcd: LocalEtcd;
  let url: string;

  /**
   * Until 3.5 a socket's URL is a host and a port, and the socket is a file of that name in etcd's working directory.
   * @returns the etcd and the URL a client elsewhere uses
   */
  async function listeningAt(
    name: string,
    scheme: "unix" | "unixs",
    extraArgs: readonly string[] = [],
  ): Promise<{ readonly started: LocalEtcd; readonly socketUrl: string }> {
    const program = join(directory.path, "etcd-in-its-folder");
    const { path } = await findEtcd({});
    await writeFile(program, `#!/bin/sh\ncd '${directory.path}' && exec '${path}' "$@"\n`, { mode: 0o755 });
    const own = `${scheme}://${name}:1`;
    const started = await startLocalEtcd({
      binary: program,
      extraArgs: [`--listen-client-urls=${own}`, `--advertise-client-urls=${own}`, ...extraArgs],
    });
    return { started, socketUrl: `${scheme}://${directory.path}/${name}:1` };
  }

  const directory = folderForAll();

  beforeAll(async () => {
    const { started, socketUrl } = await listeningAt("etcd.sock", "unix");
    [etcd, url] = [started, socketUrl];
  });
  afterAll(async () => {
    await etcd?.stop();
  });

  test.each(transports)(
    "reads, writes, watches, leases, metrics and snapshots go over it (%s)",
    async (transport) => {
      await using client = await connect(url, { transport });
      expect(client.endpoints).toEqual([url]);
      await using watch = client.watches.open({ key: "a" });
      await watch.ready();
      const lease = await client.leases.grant({ ttlSeconds: 60 });
      await client.kv.put({ key: "a", value: transport, lease: lease.id });
      for await (const batch of watch) {
        if (batch.type !== "events") continue;
        expect(batch.events.map(({ kv }) => Buffer.from(kv.value).toString())).toEqual([transport]);
        break;
      }
      expect((await client.kv.range({ key: "a" })).kvs).toHaveLength(1);
      expect(await client.maintenance.quotaBytes({ endpoint: url })).toBe(2n * 1024n ** 3n);
      expect((await client.maintenance.status({ endpoint: url })).version).toBe(etcd.version);
      expect((await saveSnapshot(client, join(directory.path, `${transport}.db`))).totalKey).toBeGreaterThan(
        0,
      );
      await client.leases.revoke(lease.id);
    },
  );

  test.each(transports)("what is wrong with a socket is named (%s)", async (transport) => {
    const fails = async (endpoints: string, options: Partial<EtcdOptions> = {}): Promise<string> => {
      const error = await failureOf(connect(endpoints, { transport, timeoutMs: 60_000, ...options }));
      expect(error.code).toBe("UNAVAILABLE");
      return error.message;
    };
    expect(await fails(`unix://${directory.path}/none.sock`)).toMatch(/there is no such socket/);
    await writeFile(join(directory.path, "file"), "");
    expect(await fails(`unix://${directory.path}/file`)).toMatch(/nothing listens there|is no socket/);
    expect(await fails(url.replace("unix:", "unixs:"), { tls: { insecureSkipVerify: true } })).toMatch(
      /plaintext/,
    );
  });

  test("a password needs no TLS there, since it does not leave the machine", async () => {
    const auth = { username: "root", password: "x" };
    await using client = await connect(url, { auth });
    expect(client.endpoints).toEqual([url]);
    expect((await failureOf(connect("http://127.0.0.1:1", { auth }))).code).toBe("INVALID_ARGUMENT");
  });

  test("etcdctl-lite takes it in --endpoints", async () => {
    const tool = liteAt([url]);
    expect(await tool(["put", "tool", "1"])).toMatchObject({ code: 0, stdout: "OK\n", stderr: "" });
    const status = await tool(["endpoint", "status", "-w", "json"]);
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toContain(`"Endpoint":"${url}"`);
  });

  describe.skipIf(!openssl)(`with TLS${openssl ? "" : " (skipped: no openssl on this machine)"}`, () => {
    test.each(transports)("certificates are verified for localhost or serverName (%s)", async (transport) => {
      await using ca = await CertificateAuthority.create("keelson test CA");
      for (const serverName of [undefined, "etcd.example"]) {
        const name = `${transport}-${serverName ?? "localhost"}`;
        const files = await ca.issue(name, { names: [`DNS:${serverName ?? "localhost"}`] });
        const { started, socketUrl } = await listeningAt(name, "unixs", [
          `--cert-file=${files.certFile}`,
          `--key-file=${files.keyFile}`,
        ]);
        await using _ = started;
        const tls = { ca: { path: ca.caFile } };
        if (serverName !== undefined) {
          const error = await failureOf(connect(socketUrl, { tls, transport, timeoutMs: 60_000 }));
          expect(error.message).toMatch(/another name/);
        }
        await using client = await connect(socketUrl, { tls: { ...tls, serverName }, transport });
        await client.kv.put({ key: "a", value: "b" });
        await using watch = client.watches.open({ key: "a" });
        await watch.ready();
        expect(await client.maintenance.quotaBytes({ endpoint: socketUrl })).toBeGreaterThan(0n);
      }
    });
  });
});
