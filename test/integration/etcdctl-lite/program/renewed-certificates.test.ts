/** A command that runs for long takes certificates that are renewed on disk for its new connections. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { expect, test } from "vitest";
import { CertificateAuthority, hasOpenssl } from "../../../support/etcd/certificates.ts";
import { skipNote } from "../../../support/skip-note.ts";
import { patientMs, until, within } from "../../../support/time/patience.ts";
import { liteAt } from "../lite.ts";

const withoutOpenssl = !(await hasOpenssl());

test.skipIf(withoutOpenssl)(
  `watch goes on over connections with the new CA, certificate and key, and nothing is lost${skipNote(withoutOpenssl, "no openssl on this machine")}`,
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "keelson-renewed-"));
    const file = (name: string): string => join(folder, name);
    const names = ["IP:127.0.0.1"];
    /** Everything of a new authority; who trusts the old one trusts nothing of it. */
    const renew = async (name: string): Promise<void> => {
      await using ca = await CertificateAuthority.create(name);
      const [server, client] = [await ca.issue("server", { names }), await ca.issue("client", { names })];
      await copyFile(ca.caFile, file("ca.pem"));
      for (const [who, { certFile, keyFile }] of [
        ["server", server],
        ["client", client],
      ] as const) {
        await copyFile(certFile, file(`${who}.pem`));
        await copyFile(keyFile, file(`${who}.key`));
      }
    };
    await renew("first");
    await using local = await startLocalEtcd({
      extraArgs: [
        `--cert-file=${file("server.pem")}`,
        `--key-file=${file("server.key")}`,
        "--client-cert-auth",
        `--trusted-ca-file=${file("ca.pem")}`,
      ],
    });
    const put = async (value: string): Promise<void> => {
      await using etcd = await connectEtcd({
        endpoints: local.endpoints,
        tls: {
          ca: { path: file("ca.pem") },
          cert: { path: file("client.pem") },
          key: { path: file("client.key") },
        },
        requestTimeoutMs: patientMs,
      });
      await etcd.kv.put({ key: "k", value });
    };
    await put("0");
    const stop = new AbortController();
    let shown = "";
    const watching = liteAt(local.endpoints)(
      [
        ...["--cacert", file("ca.pem"), "--cert", file("client.pem"), "--key", file("client.key")],
        ...["watch", "k", "--rev=1"],
      ],
      { signal: stop.signal, onBytes: (bytes) => (shown = bytes.toString()) },
    );
    await until(() => shown.includes("k\n0\n"), "the watch runs");
    await local.kill();
    await renew("second");
    await local.restart();
    await put("1");
    await until(() => shown.includes("k\n1\n"), "the watch goes on");
    stop.abort();
    await within(watching, "the watch ends");
    expect(shown).toBe("PUT\nk\n0\nPUT\nk\n1\n");
    await rm(folder, { recursive: true });
  },
);
