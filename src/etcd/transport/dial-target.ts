/**
 * The address of a connection to an endpoint, and what its TLS handshake presents and verifies: the same for every transport,
 * the probe and the metrics page.
 *
 * A unix socket has no host: its name in requests and in certificates is "localhost", as with other gRPC clients.
 */
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { EndpointAddress, PemText, UsableTls } from "./transport.ts";

/** For `net.connect` and `tls.connect`. */
export function socketTarget({
  host,
  port,
  path,
}: EndpointAddress): { readonly path: string } | { readonly host: string; readonly port: number } {
  return path === undefined ? { host, port } : { path };
}

/** The value of HTTP/2's `:authority`. */
export function authorityOf({ host, port, path }: EndpointAddress): string {
  if (path !== undefined) return host;
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** For `tls.connect` and `https.request`; the certificate is verified unless the options say otherwise. */
export function handshakeOptions({ host }: EndpointAddress, tls: UsableTls | undefined): ConnectionOptions {
  const { ca, cert, key, serverName, insecureSkipVerify } = tls ?? {};
  // SNI must be a name (RFC 6066 3); an IP address is verified against the certificate's addresses.
  const name = serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    ...(ca === undefined ? {} : { ca: nodePem(ca) }),
    ...(cert === undefined ? {} : { cert: nodePem(cert) }),
    ...(key === undefined ? {} : { key: nodePem(key) }),
    ...(name === undefined ? {} : { servername: name }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}

/** Node accepts text or a Buffer. */
export function nodePem(pem: PemText): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);
}
