/**
 * Parses endpoint texts: `http://127.0.0.1:2379`, `https://etcd-1.example`, `[::1]:2379`, `unix:///run/etcd.sock`.
 *
 * Brackets around an IPv4 address or a name (`https://[127.0.0.1]:2379`, as some tools print it) are removed. The text after
 * `unix://` or `unixs://` (with TLS) is the socket's path, read as etcd and Go's client do: absolute with a third slash,
 * otherwise relative to the working directory. An endpoint without a scheme uses TLS if the client has TLS options.
 * Credentials, paths and queries are refused; the error quotes the endpoint without its credentials.
 */
import { invalidArgument, type StoreError } from "../../../errors.ts";
import type { EndpointAddress } from "../../transport/transport.ts";

/** etcd's client port. */
const defaultPort = 2379;

const shape = /^(?:(https?):\/\/)?(?:\[([^\]]*)\]|([^[\]:/?#@]+))(?::(\d{1,5}))?\/?$/i;
const unixShape = /^(unixs?):(?:\/\/)?(.*)$/is;
/** Longest path that `bind` accepts, without the final NUL byte (Linux, sun_path). */
const unixPathBytesMax = 107;
const hostName = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const ipv6 = /^[0-9a-f:]+(:\d{1,3}(\.\d{1,3}){3})?(%[a-z0-9._-]+)?$/i;

/**
 * @param secureByDefault what an endpoint without a scheme means
 * @returns at least one endpoint, each once, all with TLS or all without
 * @throws INVALID_ARGUMENT
 */
export function parseEndpoints(
  endpoints: string | readonly string[],
  secureByDefault: boolean,
): readonly EndpointAddress[] {
  if (typeof endpoints !== "string" && !Array.isArray(endpoints)) {
    throw invalidArgument("endpoints", "Cannot connect to etcd: endpoints is neither text nor an array");
  }
  const texts = (typeof endpoints === "string" ? endpoints.split(",") : [...endpoints]).map((text) =>
    typeof text === "string" ? text.trim() : text,
  );
  const byUrl = new Map<string, EndpointAddress>();
  for (const text of texts) {
    const address = parseEndpoint(text, secureByDefault);
    byUrl.set(address.url, address);
  }
  const parsed = [...byUrl.values()];
  if (parsed.length === 0) {
    throw invalidArgument("endpoints", "Cannot connect to etcd: endpoints is empty, expected at least one");
  }
  if (parsed.some((a) => a.secure) && parsed.some((a) => !a.secure)) {
    throw invalidArgument(
      "endpoints",
      "Cannot connect to etcd: endpoints mix plaintext (http, unix) and TLS (https, unixs), expected one of them for all",
    );
  }
  return parsed;
}

export function parseEndpoint(text: string, secureByDefault: boolean): EndpointAddress {
  const unix = typeof text === "string" ? unixShape.exec(text) : null;
  if (unix !== null) return unixAddress(text, unix[1] ?? "", unix[2] ?? "");
  const match = typeof text === "string" ? shape.exec(text) : null;
  if (match === null) throw refused(text, 'a URL such as "http://127.0.0.1:2379"');
  const [, scheme, bracketed, plain, portText] = match;
  const host = bracketed ?? plain ?? "";
  const isV6 = host.includes(":");
  if (isV6 ? !ipv6.test(host) : !hostName.test(host)) throw refused(text, "a host name or an IP address");
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port < 1 || port > 65_535) throw refused(text, "a port from 1 to 65535");
  const secure = scheme === undefined ? secureByDefault : scheme.toLowerCase() === "https";
  const lower = host.toLowerCase();
  return {
    url: `${secure ? "https" : "http"}://${isV6 ? `[${lower}]` : lower}:${port}`,
    secure,
    host: lower,
    port,
  };
}

function unixAddress(text: string, scheme: string, path: string): EndpointAddress {
  if (path === "" || path.endsWith("/") || /[\0?#@]/.test(path)) {
    throw refused(text, 'the path of a socket, such as "unix:///run/etcd.sock"');
  }
  if (Buffer.byteLength(path) > unixPathBytesMax) {
    throw refused(text, `a socket's path of at most ${unixPathBytesMax} bytes`);
  }
  const secure = scheme.toLowerCase() === "unixs";
  return { url: `${secure ? "unixs" : "unix"}://${path}`, secure, host: "localhost", port: 0, path };
}

function refused(text: unknown, wanted: string): StoreError<"INVALID_ARGUMENT"> {
  // The text before an "@" may be a password.
  const shown = typeof text === "string" ? text.replace(/^([a-z]+:\/\/)?.*@/i, "$1…@") : String(text);
  return invalidArgument("endpoints", `Cannot connect to etcd: endpoint is "${shown}", expected ${wanted}`);
}
