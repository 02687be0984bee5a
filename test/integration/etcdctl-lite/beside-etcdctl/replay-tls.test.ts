/** The replay over TLS with client certificates, and with passwords on top; replay.test.ts says what is compared. */
import { type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CertificateAuthority, hasOpenssl } from "../../../support/etcd/certificates.ts";
import { skipNote } from "../../../support/skip-note.ts";
import { etcdctlVersion, Recording } from "./recording.ts";
import { runLite, wordsOf } from "./run-line.ts";
import { tlsLines } from "./tls-lines.ts";

const openssl = await hasOpenssl();
const recording = await Recording.open(`replay-tls-${etcdctlVersion}.json`);
const how = openssl
  ? recording.how
  : skipNote(true, "no openssl on this machine to make certificates with").trim();

describe.skipIf(!openssl)(`etcdctl-lite and etcdctl ${etcdctlVersion} over TLS, ${how}`, () => {
  let ca: CertificateAuthority;
  let forReal: LocalEtcd;
  let forLite: LocalEtcd;
  let files: Readonly<Record<string, string>>;

  beforeAll(async () => {
    ca = await CertificateAuthority.create("replay CA");
    const server = await ca.issue("server", { names: ["IP:127.0.0.1", "DNS:localhost"] });
    const client = await ca.issue("client", { names: ["DNS:client"] });
    files = { CA: ca.caFile, CERT: client.certFile, KEY: client.keyFile };
    const { certFile, keyFile } = server;
    const tls = [`--cert-file=${certFile}`, `--key-file=${keyFile}`, "--client-cert-auth"];
    const options = { binary: recording.etcd.path, extraArgs: [...tls, `--trusted-ca-file=${ca.caFile}`] };
    forLite = await startLocalEtcd(options);
    forReal = recording.etcdctl === undefined ? forLite : await startLocalEtcd(options);
  });
  afterAll(async () => {
    await recording.close();
    if (forReal !== forLite) await forReal?.stop();
    await forLite?.stop();
    await ca?.[Symbol.asyncDispose]();
  });

  test.for(tlsLines.map((entry, at) => ({ ...entry, number: at + 1 })))(
    "$number: $line",
    async ({ number, ...entry }, { skip }) => {
      const why = recording.whyNot(entry);
      if (why !== undefined) skip(why);
      const over = ({ endpoints }: LocalEtcd): readonly string[] => [
        `--endpoints=${endpoints.join(",")}`,
        ...wordsOf(entry.line).map((word) => files[word] ?? word),
      ];
      const expected = await recording.expected(number - 1, entry, over(forReal));
      expect(await runLite(over(forLite), entry)).toEqual(expected);
    },
  );
});
