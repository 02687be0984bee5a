/**
 * Certificates for TLS tests, made with the machine's `openssl`: a CA, servers and clients signed by it, valid or
 * not. Where there is no openssl the tests that need it are skipped and say so.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export async function hasOpenssl(): Promise<boolean> {
  return run("openssl", ["version"]).then(
    () => true,
    () => false,
  );
}

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export class CertificateAuthority implements AsyncDisposable {
  readonly caFile: string;
  readonly ca: string;
  readonly #dir: string;

  private constructor(dir: string, ca: string) {
    this.#dir = dir;
    this.caFile = join(dir, "ca.pem");
    this.ca = ca;
  }

  static async create(name: string): Promise<CertificateAuthority> {
    const dir = await mkdtemp(join(tmpdir(), "keelson-ca-"));
    await key(join(dir, "ca.key"));
    await run("openssl", [
      ...["req", "-x509", "-new", "-sha256", "-days", "2", "-subj", `/CN=${name}`],
      ...["-key", join(dir, "ca.key"), "-out", join(dir, "ca.pem")],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    ]);
    return new CertificateAuthority(dir, await readFile(join(dir, "ca.pem"), "utf8"));
  }

  /** `names`: subject alternative names such as `IP:127.0.0.1`; `expired`: valid for one second in 2020. */
  async issue(
    name: string,
    options: { names: readonly string[]; expired?: boolean },
  ): Promise<CertificateFiles> {
    const path = (suffix: string): string => join(this.#dir, `${name}.${suffix}`);
    await key(path("key"));
    await run("openssl", ["req", "-new", "-subj", `/CN=${name}`, "-key", path("key"), "-out", path("csr")]);
    const extensions = [
      "[req_distinguished_name]",
      "[ca]",
      "default_ca=keelson",
      "[keelson]",
      `database=${path("db")}`,
      `serial=${path("srl")}`,
      `new_certs_dir=${this.#dir}`,
      "default_md=sha256",
      "policy=any",
      "unique_subject=no",
      "[any]",
      "commonName=supplied",
      "[v3]",
      `subjectAltName=${options.names.join(",")}`,
      "extendedKeyUsage=serverAuth,clientAuth",
    ];
    await writeFile(path("cnf"), `${extensions.join("\n")}\n`);
    await writeFile(path("db"), "");
    await writeFile(path("srl"), "01");
    await run("openssl", [
      ...["ca", "-batch", "-notext", "-config", path("cnf"), "-extensions", "v3", "-in", path("csr")],
      ...["-cert", this.caFile, "-keyfile", join(this.#dir, "ca.key"), "-out", path("pem")],
      ...(options.expired === true
        ? ["-startdate", "20200101000000Z", "-enddate", "20200101000001Z"]
        : ["-days", "2"]),
    ]);
    return {
      certFile: path("pem"),
      keyFile: path("key"),
      cert: await readFile(path("pem"), "utf8"),
      key: await readFile(path("key"), "utf8"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }
}

async function key(path: string): Promise<void> {
  await run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path]);
}
