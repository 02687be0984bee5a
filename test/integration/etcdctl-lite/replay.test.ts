/**
 * The same command lines through a real etcdctl and through etcdctl-lite: stdout, exit code and what is told on
 * stderr must be the same, ids, times and sizes apart.
 *
 * Two fresh etcds are the ground, one for each tool: the same lines in the same order leave the same revisions in
 * both, so that revisions are compared too and need no mask. Lines that only read run over the other's etcd as well.
 */

import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEveryEtcd } from "../../../src/etcd/find-etcd.ts";
import { CertificateAuthority, hasOpenssl } from "../../support/certificates.ts";
import { type ReplayLine, replayLines, tlsLines } from "./command-lines.ts";
import { masked, runLite, runReal, wordsOf } from "./run-line.ts";

interface Etcdctl {
  readonly etcd: string;
  readonly etcdctl: string;
  readonly version: string;
}

/** The newest etcdctl of 3.5 beside an etcd of 3.5. */
async function findEtcdctl(): Promise<Etcdctl | undefined> {
  const found = (await findEveryEtcd()).filter(({ version }) => version.startsWith("3.5."));
  const patch = (version: string): number => Number(version.split(".")[2]);
  for (const { path, version } of found.sort((a, b) => patch(b.version) - patch(a.version))) {
    const etcdctl = join(dirname(path), "etcdctl");
    const there = await access(etcdctl).then(
      () => true,
      () => false,
    );
    if (there) return { etcd: path, etcdctl, version };
  }
  return undefined;
}

const real = await findEtcdctl();
const openssl = await hasOpenssl();
const exact = real?.version === "3.5.30";
const why = real === undefined ? " (skipped: no etcdctl of 3.5 on this machine)" : "";
const runnable = (lines: readonly ReplayLine[]): readonly ReplayLine[] =>
  lines.filter(({ only30 }) => exact || only30 === undefined);

test("the replay has at least 150 command lines", () => {
  expect(replayLines.length + tlsLines.length).toBeGreaterThanOrEqual(150);
});

describe.skipIf(real === undefined)(`etcdctl ${real?.version ?? ""} and etcdctl-lite${why}`, () => {
  const { etcd: binary = "", etcdctl = "" } = real ?? {};
  let forReal: LocalEtcd;
  let forLite: LocalEtcd;

  beforeAll(async () => {
    forReal = await startLocalEtcd({ binary });
    forLite = await startLocalEtcd({ binary });
  });
  afterAll(async () => {
    await forReal?.stop();
    await forLite?.stop();
  });

  const skipped = replayLines.length - runnable(replayLines).length;
  const left = skipped === 0 ? "" : ` (${skipped} lines left out: their output is that of 3.5.30)`;
  const numbered = runnable(replayLines).map((entry, at) => ({ ...entry, number: at + 1 }));

  test.each(numbered)(`$number: $line${left}`, async ({ line, number: _, ...rest }) => {
    const over = ({ endpoints }: LocalEtcd): readonly string[] => [
      `--endpoints=${endpoints.join(",")}`,
      ...wordsOf(line),
    ];
    const expected = await runReal(etcdctl, over(forReal), rest);
    const found = await runLite(over(forLite), rest);
    expect(found).toEqual(expected);
    if (/^(--user \S+ )?(get|watch|endpoint|member list|user list|role list|alarm list)/.test(line)) {
      expect(await runLite(over(forReal), rest)).toEqual(expected);
    }
  });

  const reason = openssl ? "" : " (skipped: no openssl on this machine)";
  describe.skipIf(!openssl)(`over TLS with client certificates${reason}`, () => {
    let ca: CertificateAuthority;
    let etcd: LocalEtcd;
    let files: Readonly<Record<string, string>>;

    beforeAll(async () => {
      ca = await CertificateAuthority.create("replay CA");
      const server = await ca.issue("server", { names: ["IP:127.0.0.1", "DNS:localhost"] });
      const client = await ca.issue("client", { names: ["DNS:client"] });
      files = { CA: ca.caFile, CERT: client.certFile, KEY: client.keyFile };
      const { certFile, keyFile } = server;
      const tls = [`--cert-file=${certFile}`, `--key-file=${keyFile}`, "--client-cert-auth"];
      etcd = await startLocalEtcd({ binary, extraArgs: [...tls, `--trusted-ca-file=${ca.caFile}`] });
    });
    afterAll(async () => {
      await etcd?.stop();
      await ca?.[Symbol.asyncDispose]();
    });

    test.each(runnable(tlsLines))("$line", async ({ line, ...rest }) => {
      const args = [
        `--endpoints=${etcd.endpoints.join(",")}`,
        ...wordsOf(line).map((word) => files[word] ?? word),
      ];
      const expected = await runReal(etcdctl, args, rest);
      const found = await runLite(args, rest);
      // Both write to the one etcd: only the revision can differ.
      const still = (text: string): string =>
        text.replace(/"(revision|mod_revision|version)":\d+/g, '"$1":<n>');
      expect({ ...found, stdout: still(found.stdout) }).toEqual({
        ...expected,
        stdout: still(expected.stdout),
      });
    });
  });
});

test("masks take ids, times, sizes and ports, and nothing else", () => {
  expect(masked("lease 2f93a1fbc2a0e73f granted with TTL(100s)")).toBe("lease <id> granted with TTL(100s)");
  expect(masked("key 12345 took = 4.1ms, 53 kB")).toBe("key 12345 took = <took>, <size>");
});
