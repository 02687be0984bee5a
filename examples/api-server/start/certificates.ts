/**
 * Certificates for a server on the local machine: a certificate authority, the server's certificate, and an
 * administrator's, which Kubernetes reads as user "kubernetes-admin" of group "system:masters". Node creates keys but
 * no certificates, so openssl does.
 *
 *   DIR/ca.pem  ca-key.pem  server.pem  server-key.pem  admin.pem  admin-key.pem
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const days = "3650";

export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly adminCert: string;
  readonly adminKey: string;
}

/** @throws Error when openssl is not installed, or a file of the folder is missing */
export async function certificatesIn(folder: string, host: string): Promise<Certificates> {
  if (!existsSync(join(folder, "ca.pem"))) await make(folder, host);
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const names = ["ca.pem", "server.pem", "server-key.pem", "admin.pem", "admin-key.pem"] as const;
  const [ca = "", cert = "", key = "", adminCert = "", adminKey = ""] = await Promise.all(names.map(read));
  return { ca, cert, key, adminCert, adminKey };
}

async function make(folder: string, host: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): Promise<unknown> =>
    run("openssl", [...args], { cwd: folder });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca-key.pem",
    "-out",
    "ca.pem",
    "-days",
    days,
    "-subj",
    "/CN=keelson-ca",
  );
  const sign = async (name: string, subject: string, extensions: string): Promise<void> => {
    await writeFile(path(`${name}.ext`), extensions);
    await openssl("req", ...newKey, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`, "-subj", subject);
    const signer = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"];
    await openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signer,
      "-out",
      `${name}.pem`,
      "-days",
      days,
      "-extfile",
      `${name}.ext`,
    );
    await Promise.all([rm(path(`${name}.ext`)), rm(path(`${name}.csr`))]);
  };
  const names = [
    "DNS:localhost",
    "DNS:kubernetes.default.svc",
    "IP:127.0.0.1",
    "IP:10.96.0.1",
    ...(/^[\d.:]+$/.test(host) ? [`IP:${host}`] : [`DNS:${host}`]),
  ];
  const alternatives = `subjectAltName=${[...new Set(names)].join(",")}\n`;
  await sign("server", "/CN=kube-apiserver", `extendedKeyUsage=serverAuth\n${alternatives}`);
  await sign("admin", "/O=system:masters/CN=kubernetes-admin", "extendedKeyUsage=clientAuth\n");
}
