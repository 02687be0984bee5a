/**
 * Certificates, keys and the CA are renewed on disk, as cert-manager does it, while 20 watches and 64 writers are at work: the
 * client takes what is there for each new connection, and nothing is lost. In the end etcd trusts the new CA alone.
 */
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LocalEtcd, startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import type { Etcd } from "../../../../src/etcd/ports/etcd.ts";
import { prefixEnd } from "../../../../src/etcd/ports/prefix-end.ts";
import { createStore } from "../../../../src/index.ts";
import {
  CertificateAuthority,
  type CertificateFiles,
  hasOpenssl,
} from "../../../support/etcd/certificates.ts";
import { connect, putSurely } from "../../../support/etcd/etcd-cases.ts";
import { TcpProxy } from "../../../support/peers/tcp-proxy.ts";

const openssl = await hasOpenssl();
const [watchers, writers] = [20, 64];
const rotated = { key: "rotate/", rangeEnd: prefixEnd("rotate/") };

describe.skipIf(!openssl)(
  `certificates that renew${openssl ? "" : " (skipped: no openssl on this machine)"}`,
  () => {
    let directory: string;
    let former: CertificateAuthority;
    let next: CertificateAuthority;
    let etcd: LocalEtcd;
    let proxy: TcpProxy;
    const at = (name: string): string => join(directory, name);

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "keelson-rotation-"));
      former = await CertificateAuthority.create("the former CA");
      next = await CertificateAuthority.create("the next CA");
      await copyFile(former.caFile, at("ca.pem"));
      await writeFile(at("etcd-ca.pem"), former.ca + next.ca);
      await place("server", await issue(former, "server"));
      await place("client", await issue(former, "client"));
      etcd = await startLocalEtcd({
        extraArgs: [
          `--cert-file=${at("server.pem")}`,
          `--key-file=${at("server.key")}`,
          `--trusted-ca-file=${at("etcd-ca.pem")}`,
          "--client-cert-auth",
        ],
      });
      proxy = await TcpProxy.start(etcd.clientPort);
    });
    afterEach(async () => {
      await proxy?.[Symbol.asyncDispose]();
      await etcd?.stop();
      await former?.[Symbol.asyncDispose]();
      await next?.[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    });

    const issue = (ca: CertificateAuthority, name: string): Promise<CertificateFiles> =>
      ca.issue(name, { names: ["IP:127.0.0.1"] });
    /** One after the other, as a renewer does. */
    async function place(name: string, { certFile, keyFile }: CertificateFiles): Promise<void> {
      await copyFile(certFile, at(`${name}.pem`));
      await copyFile(keyFile, at(`${name}.key`));
    }
    const tlsOfFiles = () => ({
      ca: { path: at("ca.pem") },
      cert: { path: at("client.pem") },
      key: { path: at("client.key") },
    });

    test.each(["etcd3", "http2"])(
      "under 20 watches and 64 writers nothing is lost (%s)",
      async (transport) => {
        const url = proxy.url.replace("http:", "https:");
        await using client = await connect(url, { tls: tlsOfFiles(), transport });
        const firstEnd = client.stats().tls?.clientCertificateExpiresAt;
        expect(firstEnd).toBeDefined();

        const done = new AbortController();
        const seen = Array.from({ length: watchers }, () => new Map<string, number>());
        const watches = seen.map((counts) => follow(client, counts));
        await Promise.all(watches.map(({ ready }) => ready));
        const written = new Set<string>();
        const writing = Array.from({ length: writers }, async (_, writer) => {
          for (let n = 0; !done.signal.aborted; n++) {
            const key = `rotate/${writer}/${n}`;
            await putSurely(client, key);
            written.add(key);
          }
        });
        const moreWritten = async (): Promise<void> => {
          const target = written.size + 200;
          await expect.poll(() => written.size, { timeout: 60_000, interval: 20 }).toBeGreaterThan(target);
        };
        const reconnect = async (): Promise<void> => {
          const before = proxy.accepted;
          proxy.cut();
          await expect.poll(() => proxy.accepted, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before);
          await moreWritten();
        };

        await moreWritten();
        // Both CAs are trusted, then the server and the client change over, then the former is no longer trusted.
        await writeFile(at("ca.pem"), former.ca + next.ca);
        await reconnect();
        await place("server", await issue(next, "server"));
        await reconnect();
        const renewed = await issue(next, "client");
        await copyFile(renewed.certFile, at("client.pem"));
        // Between the two writes the pair does not belong together: the former one stays in use.
        await reconnect();
        expect(client.stats().tls?.problem).toMatch(/tls\.key does not belong to tls\.cert/);
        await copyFile(renewed.keyFile, at("client.key"));
        await writeFile(at("ca.pem"), next.ca);
        await reconnect();
        expect(client.stats().tls?.problem).toBeUndefined();
        // From now on etcd takes nothing of the former CA.
        await writeFile(at("etcd-ca.pem"), next.ca);
        await etcd.kill();
        await etcd.restart();
        await moreWritten();

        done.abort();
        await Promise.all(writing);
        for (const counts of seen) {
          await expect
            .poll(() => [...written].filter((key) => !counts.has(key)).length, { timeout: 60_000 })
            .toBe(0);
        }
        await Promise.all(watches.map(({ close }) => close()));
        // putSurely may put twice when an answer is lost; each of them is an event, and it comes once.
        const { kvs } = await client.kv.range(rotated);
        const versions = new Map(
          kvs.map(({ key, version }) => [Buffer.from(key).toString(), Number(version)]),
        );
        for (const counts of seen) expect([...counts].sort()).toEqual([...versions].sort());
      },
    );

    test("health() tells when the client certificate ends and what cannot be used; a function is asked anew", async () => {
      let cert = former.ca;
      const client = await issue(former, "client");
      cert = client.cert;
      await using connected = await connect(etcd.endpoints, {
        tls: { ca: () => former.ca, cert: () => cert, key: client.key },
      });
      await using store = await createStore({ etcd: connected, kinds: [] });
      const health = await store.health({ timeoutMs: 60_000 });
      expect(Date.parse(health.clientCertificateExpiresAt ?? "")).toBeGreaterThan(Date.now());
      // The certificates of these tests last for two days.
      expect(health.problems).toEqual([
        expect.stringMatching(/^the client certificate expires on .*: renew it$/),
      ]);
      cert = "gone";
      const broken = await store.health({ timeoutMs: 60_000 });
      expect(broken.problems[0]).toMatch(
        /^new connections use the certificates and key of before: .*tls\.cert/,
      );
      expect(broken.clientCertificateExpiresAt).toBe(health.clientCertificateExpiresAt);
    });
  },
);

function follow(
  client: Etcd,
  counts: Map<string, number>,
): { readonly ready: Promise<unknown>; close(): Promise<void> } {
  const watch = client.watches.open(rotated);
  const reading = (async () => {
    for await (const batch of watch) {
      if (batch.type !== "events") continue;
      for (const { kv } of batch.events) {
        const key = Buffer.from(kv.key).toString();
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  })();
  return {
    ready: watch.ready(),
    async close() {
      await watch[Symbol.asyncDispose]();
      await reading;
    },
  };
}
