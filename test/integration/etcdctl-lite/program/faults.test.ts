/** What people meet when a connection or a login does not work: its cause, the next step, no stack trace. */
import { createPrivateKey } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CertificateAuthority,
  type CertificateFiles,
  hasOpenssl,
} from "../../../support/etcd/certificates.ts";
import { processForAll } from "../../../support/etcd/real-etcd.ts";
import { until } from "../../../support/time/patience.ts";
import { liteAt, type Ran } from "../lite.ts";

/** Long enough for any machine; what is certain is told at once. */
const dialTimeout = "--dial-timeout=20s";

/** Runs `get x`, which must fail within its dial timeout and show nothing of the program's inside. */
async function failing(endpoints: readonly string[], args: readonly string[] = []): Promise<Ran> {
  const ran = await liteAt(endpoints)([dialTimeout, ...args, "get", "x"]);
  expect(ran.stdout).toBe("");
  expect(ran.stderr).toMatch(/^Error: /);
  expect(ran.stderr).not.toMatch(/\n\s+at |\.[jt]s:\d/);
  return ran;
}

describe("without TLS", () => {
  const lab = processForAll();

  test("a port where nothing listens", async () => {
    // Nothing ever listens on port 1, and no other test is given it.
    const get = () => liteAt(["http://127.0.0.1:1"])(["--dial-timeout=1s", "get", "x"]);
    let ran = await get();
    // Where the machine stood still for that second nothing was found out.
    await until(async () => {
      if (ran.stderr.includes("connection refused: nothing listens there")) return true;
      ran = await get();
      return false;
    });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("Is etcd running there? Check --endpoints.");
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  test("a host that says nothing", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const ran = await liteAt([`http://127.0.0.1:${port}`])(["--dial-timeout=1s", "get", "x"]);
    silent.close();
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/no answer (in time|within)/);
  });

  test("https to an etcd that speaks plaintext", async () => {
    const { code, stderr } = await failing([`https://127.0.0.1:${lab.local.clientPort}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('the server speaks plaintext, the endpoint says "https"');
    expect(stderr).toContain('Use "http://" in --endpoints.');
  });

  test("something that is no etcd", async () => {
    const web = createServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nno\n"));
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const address = web.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { stderr } = await failing([`http://127.0.0.1:${port}`]);
    web.close();
    expect(stderr).toContain("the server does not speak gRPC");
    expect(stderr).toContain("Check the port in --endpoints");
  });

  test("a CA file that is not there, one without a certificate, a certificate without its key", async () => {
    const https = [`https://127.0.0.1:${lab.local.clientPort}`];
    expect((await failing(https, ["--cacert", "/nowhere/ca.pem"])).stderr).toBe(
      "Error: open /nowhere/ca.pem: no such file or directory\n",
    );
    const file = join(lab.local.dataDir, "no.pem");
    await writeFile(file, "no certificate\n");
    expect(await failing(https, ["--cacert", file])).toMatchObject({
      code: 128,
      stderr: `Error: --cacert ${file}: there is no certificate in it\n`,
    });
    expect((await failing(https, ["--cert", file])).stderr).toContain("must both be present");
  });

  test("a new user needs a password that was typed", async () => {
    const lite = liteAt(lab.local.endpoints);
    for (const line of ["user add ann", "user passwd ann"]) {
      expect(await lite(line.split(" "))).toMatchObject({ code: 128, stderr: "Error: empty password\n" });
    }
    expect((await lite(["user", "list"])).stdout).toBe("");
  });

  test("a snapshot that could not be asked for ends with 5, as one that broke off", async () => {
    const ran = await liteAt(["http://127.0.0.1:1"])(["--dial-timeout=1s", "snapshot", "save", "never.db"]);
    // Refused, or on a machine that stood still for that second no answer: nothing is saved either way.
    expect(ran).toMatchObject({ code: 5, stdout: "" });
  });

  test("a list of endpoints with blanks and a comma at its end", async () => {
    const [endpoint = ""] = lab.local.endpoints;
    expect(await liteAt([` ${endpoint} `, ""])(["put", "blank", "1"])).toMatchObject({ stdout: "OK\n" });
  });

  test("--debug shows where an error comes from", async () => {
    const ran = await liteAt(lab.local.endpoints)(["--debug", "get", "x", "--rev", "999999"]);
    expect(ran.stderr).toMatch(
      /^Error: etcdserver: mvcc: required revision is a future revision\n.*\n\s+at /,
    );
  });
});

const openssl = await hasOpenssl();

describe.skipIf(!openssl)(`with TLS${openssl ? "" : " (skipped: no openssl on this machine)"}`, () => {
  let ca: CertificateAuthority;
  let other: CertificateAuthority;
  let mutual: LocalEtcd;
  let expired: LocalEtcd;
  let misnamed: LocalEtcd;
  let client: CertificateFiles;

  beforeAll(async () => {
    ca = await CertificateAuthority.create("people CA");
    other = await CertificateAuthority.create("another CA");
    const names = ["IP:127.0.0.1"];
    const server = await ca.issue("server", { names });
    const old = await ca.issue("old", { names, expired: true });
    const elsewhere = await ca.issue("elsewhere", { names: ["DNS:etcd.example"] });
    client = await ca.issue("client", { names: ["DNS:client"] });
    const tls = ({ certFile, keyFile }: CertificateFiles): readonly string[] => [
      `--cert-file=${certFile}`,
      `--key-file=${keyFile}`,
    ];
    const mutualArgs = [...tls(server), "--client-cert-auth", `--trusted-ca-file=${ca.caFile}`];
    [mutual, expired, misnamed] = await Promise.all([
      startLocalEtcd({ extraArgs: mutualArgs }),
      startLocalEtcd({ extraArgs: tls(old) }),
      startLocalEtcd({ extraArgs: tls(elsewhere) }),
    ]);
  });
  afterAll(async () => {
    for (const etcd of [mutual, expired, misnamed]) await etcd?.stop();
    await ca?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
  });

  test("http to an etcd that wants TLS", async () => {
    const { stderr } = await failing([`http://127.0.0.1:${mutual.clientPort}`]);
    expect(stderr).toContain('the server expects TLS, the endpoint says "http"');
    expect(stderr).toContain('Use "https://" in --endpoints');
  });

  test.each([
    ["no CA given", []],
    ["another CA", ["--cacert", "OTHER"]],
  ])("a server whose CA is not known: %s", async (_name, args) => {
    const { stderr } = await failing(
      mutual.endpoints,
      args.map((word) => (word === "OTHER" ? other.caFile : word)),
    );
    expect(stderr).toContain("the server's certificate is not signed by a trusted CA");
    expect(stderr).toContain("with --cacert.");
  });

  test("no client certificate for a server that requires one", async () => {
    const { stderr } = await failing(mutual.endpoints, ["--cacert", ca.caFile]);
    expect(stderr).toContain("the server requires a client certificate");
    expect(stderr).toContain("Give a valid --cert and --key.");
  });

  test("a client certificate that has expired, and one of another CA", async () => {
    const old = await ca.issue("oldclient", { names: ["DNS:client"], expired: true });
    const foreign = await other.issue("foreign", { names: ["DNS:client"] });
    for (const { certFile, keyFile } of [old, foreign]) {
      const { stderr } = await failing(mutual.endpoints, [
        ...["--cacert", ca.caFile],
        ...["--cert", certFile, "--key", keyFile],
      ]);
      expect(stderr).toContain("the server does not accept the client certificate");
      expect(stderr).toContain("Give a valid --cert and --key.");
    }
  });

  test("a key of another certificate", async () => {
    const second = await ca.issue("second", { names: ["DNS:client"] });
    const { stderr } = await failing(mutual.endpoints, [
      ...["--cacert", ca.caFile, "--cert", client.certFile, "--key", second.keyFile],
    ]);
    expect(stderr).toContain("--cert and --key do not belong together.");
  });

  test("what is no certificate or no key: the flag that gave it is named", async () => {
    const sealed = join(mutual.dataDir, "sealed.key");
    const key = createPrivateKey(await readFile(client.keyFile));
    await writeFile(
      sealed,
      key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }),
    );
    const broken = join(mutual.dataDir, "broken.pem");
    await writeFile(broken, "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    for (const [cacert, cert, keyFile, hint] of [
      [broken, client.certFile, client.keyFile, "Check the file given with --cacert."],
      [ca.caFile, client.keyFile, client.keyFile, "Check the file given with --cert."],
      [ca.caFile, client.certFile, client.certFile, "Check the file given with --key."],
      [ca.caFile, client.certFile, sealed, "Give a key without a passphrase with --key"],
    ] as const) {
      const { code, stderr } = await failing(mutual.endpoints, [
        ...["--cacert", cacert, "--cert", cert, "--key", keyFile],
      ]);
      expect(code).not.toBe(0);
      expect(stderr).toContain(hint);
    }
  });

  test("a server's certificate that has expired, and one for another name", async () => {
    const trusting = ["--cacert", ca.caFile];
    const late = (await failing(expired.endpoints, trusting)).stderr;
    expect(late).toContain("the server's certificate has expired");
    expect(late).toContain("Renew the certificate");
    const wrong = (await failing(misnamed.endpoints, trusting)).stderr;
    expect(wrong).toContain("the server's certificate is for another name");
    expect(wrong).toContain("Use an endpoint name that the server's certificate carries.");
  });

  test("health and status name the cause of each endpoint, and the next step once", async () => {
    const lite = liteAt([...mutual.endpoints, ...expired.endpoints]);
    const health = await lite([dialTimeout, "endpoint", "health"]);
    expect(health).toMatchObject({ code: 1, stdout: "" });
    expect(health.stderr.match(/is unhealthy: .*not signed by a trusted CA|has expired/g)).toHaveLength(2);
    expect(health.stderr.match(/with --cacert\./g)).toHaveLength(1);
    const status = await lite([dialTimeout, "endpoint", "status"]);
    expect(status.stderr.match(/^Failed to get the status of endpoint https/gm)).toHaveLength(2);
  });
});

describe("with passwords", () => {
  const lab = processForAll();
  beforeAll(async () => {
    const lite = liteAt(lab.local.endpoints);
    for (const line of [
      "user add root:secret",
      "role add root",
      "user grant-role root root",
      "user add guest:guest",
      "user add certified --no-password",
      "auth enable",
    ]) {
      expect(await lite(line.split(" "))).toMatchObject({ code: 0, stderr: "" });
    }
  });

  test.each([
    ["no user", [], 1, "user name is empty", "Authentication is on: give --user"],
    ["a wrong password", ["--user", "root:wrong"], 2, "invalid user ID or password", "Check --user and"],
    [
      "a password for a user who has none",
      ["--user", "certified:x"],
      2,
      "password was given for no password user",
      "Check --user and",
    ],
    ["a user without the right", ["--user", "guest:guest"], 1, "permission denied", "role grant-permission"],
  ])("%s", async (_name, args, code, cause, next) => {
    const ran = await failing(lab.local.endpoints, args);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(cause);
    expect(ran.stderr).toContain(next);
  });

  test("a watch that etcd refuses ends with 5, and says why", async () => {
    const ran = await liteAt(lab.local.endpoints)(["--user", "guest:guest", "watch", "x"]);
    expect(ran).toMatchObject({ code: 5, stdout: "" });
    expect(ran.stderr).toMatch(
      /^watch was canceled \(.*permission denied.*\)\nError: watch is canceled by the server\n/,
    );
    expect(ran.stderr).toContain("role grant-permission");
  });
});
