/** TLS to a real etcd: what works, and that each thing that does not names its cause. Over both transports. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalEtcd, startLocalEtcd } from "../../../../src/etcd/local/local-etcd.ts";
import type { TlsOptions } from "../../../../src/etcd/transport/transport.ts";
import {
  CertificateAuthority,
  type CertificateFiles,
  hasOpenssl,
} from "../../../support/etcd/certificates.ts";
import { connect } from "../../../support/etcd/etcd-cases.ts";
import { failureOf } from "../../../support/failures.ts";

const openssl = await hasOpenssl();

describe.skipIf(!openssl)(`S34: TLS${openssl ? "" : " (skipped: no openssl on this machine)"}`, () => {
  let ca: CertificateAuthority;
  let stranger: CertificateAuthority;
  let plain: LocalEtcd;
  let secure: LocalEtcd;
  let mutual: LocalEtcd;
  let expired: LocalEtcd;
  let misnamed: LocalEtcd;
  let client: CertificateFiles;
  let foreign: CertificateFiles;

  beforeAll(async () => {
    ca = await CertificateAuthority.create("keelson test CA");
    stranger = await CertificateAuthority.create("another CA");
    const names = ["IP:127.0.0.1", "DNS:localhost", "DNS:etcd.example"];
    const server = await ca.issue("server", { names });
    const old = await ca.issue("expired", { names, expired: true });
    const other = await ca.issue("misnamed", { names: ["DNS:etcd.example"] });
    client = await ca.issue("client", { names: ["DNS:client"] });
    foreign = await stranger.issue("foreign", { names: ["DNS:client"] });
    const tls = (files: CertificateFiles): readonly string[] => [
      `--cert-file=${files.certFile}`,
      `--key-file=${files.keyFile}`,
    ];
    plain = await startLocalEtcd();
    secure = await startLocalEtcd({ extraArgs: tls(server) });
    mutual = await startLocalEtcd({
      extraArgs: [...tls(server), "--client-cert-auth", `--trusted-ca-file=${ca.caFile}`],
    });
    expired = await startLocalEtcd({ extraArgs: tls(old) });
    misnamed = await startLocalEtcd({ extraArgs: tls(other) });
  });
  afterAll(async () => {
    for (const etcd of [plain, secure, mutual, expired, misnamed]) await etcd?.stop();
    await ca?.[Symbol.asyncDispose]();
    await stranger?.[Symbol.asyncDispose]();
  });

  describe.each(["etcd3", "http2"])("over %s", (transport) => {
    const works = async (etcd: LocalEtcd, tls: TlsOptions, endpoints = etcd.endpoints): Promise<void> => {
      await using connected = await connect(endpoints, { tls, transport });
      await connected.kv.put({ key: "tls", value: transport });
      expect((await connected.kv.range({ key: "tls" })).count).toBe(1n);
      await using watch = connected.watches.open({ key: "tls" });
      await watch.ready();
    };
    const fails = async (endpoints: readonly string[], tls: TlsOptions | undefined): Promise<string> => {
      const error = await failureOf(
        connect(endpoints, { ...(tls === undefined ? {} : { tls }), transport, timeoutMs: 30_000 }),
      );
      expect(error.code).toBe("UNAVAILABLE");
      return error.message;
    };

    test("a CA alone is enough for a server that asks for no more", () => works(secure, { ca: ca.ca }));
    test("an IPv4 address in brackets is taken", () =>
      works(secure, { ca: ca.ca }, [`https://[127.0.0.1]:${secure.clientPort}`]));
    test("a client certificate is shown to a server that asks for one", () =>
      works(mutual, { ca: ca.ca, cert: client.cert, key: client.key }));
    test("serverName is the name that is verified", () =>
      works(misnamed, { ca: ca.ca, serverName: "etcd.example" }));
    test("insecureSkipVerify takes any certificate", () => works(expired, { insecureSkipVerify: true }));

    test("a wrong CA is named", async () => {
      expect(await fails(secure.endpoints, { ca: stranger.ca })).toMatch(/not signed by a trusted CA/);
    });
    test("no CA for a private one is named", async () => {
      expect(await fails(secure.endpoints, {})).toMatch(/not signed by a trusted CA/);
    });
    test("an expired certificate is named", async () => {
      expect(await fails(expired.endpoints, { ca: ca.ca })).toMatch(/certificate has expired/);
    });
    test("a certificate for another name is named", async () => {
      expect(await fails(misnamed.endpoints, { ca: ca.ca })).toMatch(/certificate is for another name/);
    });
    test("a missing client certificate is named", async () => {
      expect(await fails(mutual.endpoints, { ca: ca.ca })).toMatch(/client certificate/);
    });
    test("a client certificate of another CA is named", async () => {
      expect(await fails(mutual.endpoints, { ca: ca.ca, cert: foreign.cert, key: foreign.key })).toMatch(
        /client certificate/,
      );
    });
    test("plaintext to a TLS server is named", async () => {
      expect(await fails([`http://127.0.0.1:${secure.clientPort}`], undefined)).toMatch(/expects TLS/);
    });
    test("TLS to a plaintext server is named", async () => {
      expect(await fails([`https://127.0.0.1:${plain.clientPort}`], { ca: ca.ca })).toMatch(
        /speaks plaintext/,
      );
    });
    test("TLS options that do not parse are named", async () => {
      const error = await failureOf(
        connect(secure.endpoints, {
          tls: { ca: "not a certificate", cert: "x", key: "y" },
          transport,
          timeoutMs: 3_000,
        }),
      );
      expect(error.message).not.toMatch(/not a certificate/);
      expect(error.code).toBe("INVALID_ARGUMENT");
      const unpaired = failureOf(
        connect(secure.endpoints, { tls: { ca: ca.ca, cert: client.cert }, transport }),
      );
      expect((await unpaired).code).toBe("INVALID_ARGUMENT");
    });
  });
});
