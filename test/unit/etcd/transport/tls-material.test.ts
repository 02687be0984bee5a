/** TLS options that are wrong: each refused by the name of the option it is in, with nothing of a key in the message. */
import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoreError } from "../../../../src/errors.ts";
import { connectEtcd } from "../../../../src/etcd/connect-etcd.ts";
import { TlsSource } from "../../../../src/etcd/transport/tls-source.ts";
import type { TlsOptions } from "../../../../src/etcd/transport/transport.ts";
import {
  CertificateAuthority,
  type CertificateFiles,
  hasOpenssl,
} from "../../../support/etcd/certificates.ts";

const openssl = await hasOpenssl();
const encrypted = (type: "pkcs8" | "pkcs1"): string =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type, format: "pem", cipher: "aes-256-cbc", passphrase: "open" },
  }).privateKey;

function refusal(tls: unknown): StoreError {
  try {
    new TlsSource(tls as TlsOptions);
  } catch (error) {
    return error as StoreError;
  }
  throw new Error("it was taken");
}

describe.skipIf(!openssl)(`TLS options${openssl ? "" : " (skipped: no openssl on this machine)"}`, () => {
  let authority: CertificateAuthority;
  let client: CertificateFiles;
  let other: CertificateFiles;

  beforeAll(async () => {
    authority = await CertificateAuthority.create("keelson test CA");
    client = await authority.issue("client", { names: ["DNS:client"] });
    other = await authority.issue("other", { names: ["DNS:other"] });
  });
  afterAll(async () => {
    await authority?.[Symbol.asyncDispose]();
  });

  test("good ones are taken, as text and as bytes, with a chain behind the certificate", () => {
    const { ca } = authority;
    expect(new TlsSource({ ca }).current().ca).toBe(ca);
    expect(new TlsSource({ ca: Buffer.from(`# comment\n${ca}${ca}`) })).toBeDefined();
    const pair = new TlsSource({ ca, cert: client.cert + ca, key: Buffer.from(client.key) }).current();
    expect(pair.cert).toBe(client.cert + ca);
  });

  test.each<readonly [string, string, (pair: { cert: string; key: string; ca: string }) => unknown, RegExp]>([
    ["a path as ca", "tls.ca", () => ({ ca: "/etc/etcd/ca.crt" }), /looks like a path/],
    ["an empty ca", "tls.ca", () => ({ ca: "" }), /is empty/],
    ["a number as ca", "tls.ca", () => ({ ca: 5 }), /expected PEM/],
    [
      "a damaged ca",
      "tls.ca",
      ({ ca }) => ({ ca: ca.replace(/(CERTIFICATE-----\n.{20}).{20}/, "$1") }),
      /cannot be read/,
    ],
    ["a key as ca", "tls.ca", ({ key }) => ({ ca: key }), /PRIVATE KEY.*expected a certificate/],
    ["a path as cert", "tls.cert", ({ key }) => ({ cert: "./client.pem", key }), /looks like a path/],
    ["a path as key", "tls.key", ({ cert }) => ({ cert, key: "client.key" }), /looks like a path/],
    ["the certificate as key", "tls.key", ({ cert }) => ({ cert, key: cert }), /expected a private key/],
    ["cert and key exchanged", "tls.cert", ({ cert, key }) => ({ cert: key, key: cert }), /certificate/],
    [
      "a key of PKCS 8 without its passphrase",
      "tls.key",
      ({ cert }) => ({ cert, key: encrypted("pkcs8") }),
      /tls\.passphrase/,
    ],
    [
      "a key of PKCS 1 without its passphrase",
      "tls.key",
      ({ cert }) => ({ cert, key: encrypted("pkcs1") }),
      /tls\.passphrase/,
    ],
    [
      "a wrong passphrase",
      "tls.passphrase",
      ({ cert }) => ({ cert, key: encrypted("pkcs8"), passphrase: "shut" }),
      /does not open/,
    ],
    ["a passphrase without a key", "tls.passphrase", () => ({ passphrase: "x" }), /without tls\.key/],
    [
      "a passphrase of a key in the clear",
      "tls.passphrase",
      ({ cert, key }) => ({ cert, key, passphrase: "open" }),
      /not encrypted/,
    ],
    ["an empty serverName", "tls.serverName", () => ({ serverName: "" }), /host name/],
    ["an option with a letter too many", "tls.caa", ({ ca }) => ({ caa: ca }), /did you mean "ca"/],
    ["a cert without a key", "tls", ({ cert }) => ({ cert }), /tls\.key/],
  ])("%s is refused by name", (_, argument, options, message) => {
    const { cert, key } = client;
    const error = refusal(options({ cert, key, ca: authority.ca }));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.details).toMatchObject({ argument });
    expect(error.message).toMatch(message);
    for (const line of key.split("\n").filter((each) => each.length > 20 && !each.startsWith("-"))) {
      expect(error.message).not.toContain(line);
    }
  });

  test("the key of another certificate is named", () => {
    const error = refusal({ cert: client.cert, key: other.key });
    expect(error.details).toMatchObject({ argument: "tls.key" });
    expect(error.message).toMatch(/does not belong to tls\.cert/);
  });
});

test.each(["http://127.0.0.1:1", "unix:///nowhere/etcd.sock"])(
  "tls beside %s is refused before anything is sent: nothing would be encrypted",
  async (endpoint) => {
    await expect(connectEtcd({ endpoints: [endpoint], tls: {} })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "tls" },
    });
  },
);
