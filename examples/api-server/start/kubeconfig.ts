/** The kubeconfig of a running server, for its administrator. */
import { stringify } from "yaml";
import type { Certificates } from "./certificates.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

export function kubeconfigOf(server: string, certificates: Certificates | undefined): string {
  const cluster =
    certificates === undefined
      ? // Without it, the JavaScript client refuses plain HTTP.
        { server, "insecure-skip-tls-verify": true }
      : { server, "certificate-authority-data": base64(certificates.ca) };
  const user =
    certificates === undefined
      ? {}
      : {
          "client-certificate-data": base64(certificates.adminCert),
          "client-key-data": base64(certificates.adminKey),
        };
  const name = "keelson";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
