/**
 * Looks up endpoints in DNS, as etcd's own tools do (`--discovery-srv`):
 *
 *   _etcd-client-ssl._tcp.<domain>   endpoints with TLS        with a service name: _etcd-client-ssl-<name>._tcp.<domain>
 *   _etcd-client._tcp.<domain>       plaintext endpoints
 *
 * Records are used in the order of their priority. A forged DNS response can name other servers, so plaintext endpoints are
 * used only on request, and otherwise TLS endpoints must have a certificate for the domain, whatever their host name.
 */
import dns, { Resolver } from "node:dns/promises";
import { type Call, CallScope, callNames } from "../../../base/call.ts";
import { systemErrorCode } from "../../../base/system-error.ts";
import { checkOptions, type NamesOf } from "../../../base/text/known-options.ts";
import { messageOf } from "../../../base/text/message-of.ts";
import { quote } from "../../../base/text/quote.ts";
import { systemClock } from "../../../base/time/clock.ts";
import { untilAborted } from "../../../base/until-aborted.ts";
import { invalidArgument, StoreError } from "../../../errors.ts";

/** Options of `discoverEndpoints`. */
export interface DiscoveryOptions {
  /** Domain whose SRV records name the endpoints, e.g. `"example.com"`. */
  readonly domain: string;
  /** Selects one of several clusters in a domain: `_etcd-client-<serviceName>` instead of `_etcd-client`. */
  readonly serviceName?: string | undefined;
  /**
   * Use plaintext endpoints too, and verify TLS endpoints by their own host names. Default false: TLS endpoints only, with
   * a certificate for `domain`.
   */
  readonly insecure?: boolean | undefined;
  /** Name servers to ask, e.g. `["10.0.0.10"]`, `["127.0.0.1:5353"]`. Default: Node's. */
  readonly nameServers?: readonly string[] | undefined;
}

export const discoveryNames: NamesOf<DiscoveryOptions> = {
  domain: "text",
  serviceName: "text",
  insecure: "boolean",
  nameServers: "array",
};

const action = "discover endpoints";
/** Limit of one query to one name server, milliseconds; each is tried twice. */
const queryTimeoutMs = 2_000;
/** Limit of the whole lookup when the caller sets none. */
const timeoutDefaultMs = 10_000;
/** DNS errors that mean "no such records". */
const noRecords = new Set(["ENOTFOUND", "ENODATA"]);
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

/**
 * The endpoints that `domain`'s SRV records name, as URLs, at least one; only TLS endpoints if there are any.
 * @throws INVALID_ARGUMENT for a bad option; UNAVAILABLE when there are none, or only plaintext ones without `insecure`, or no
 * name server answers; DEADLINE; the signal's reason
 */
export async function discoverEndpoints(options: DiscoveryOptions & Call): Promise<readonly string[]> {
  checkOptions(options ?? null, action, { ...callNames, ...discoveryNames });
  const { domain, serviceName, insecure = false, nameServers } = options;
  checkName("domain", domain, domain?.replace?.(/\.$/, "").split("."));
  if (serviceName !== undefined) checkName("serviceName", serviceName, [serviceName]);
  if (typeof insecure !== "boolean") {
    throw invalidArgument("insecure", `Cannot ${action}: insecure is ${quote(insecure)}, expected a boolean`);
  }
  using scope = new CallScope({ timeoutMs: timeoutDefaultMs, ...options }, systemClock, action);
  const resolver = resolverOf(nameServers);
  const suffix = serviceName === undefined ? "" : `-${serviceName}`;
  const names = [
    { name: `_etcd-client-ssl${suffix}._tcp.${domain}`, scheme: "https" },
    { name: `_etcd-client${suffix}._tcp.${domain}`, scheme: "http" },
  ] as const;
  try {
    const [secure = [], plain = []] = await Promise.all(
      names.map(async ({ name, scheme }) => recordsOf(resolver, name, scheme, scope.signal)),
    );
    if (secure.length > 0) return secure;
    if (insecure && plain.length > 0) return plain;
    const [tls, clear] = names;
    throw unavailable(
      plain.length === 0
        ? `DNS has no SRV records ${quote(tls.name)} or ${quote(clear.name)}`
        : `all endpoints of ${quote(domain)} are plaintext (${plain.join(", ")}), expected records ${quote(tls.name)}, or insecure`,
    );
  } finally {
    // Cancels the queries that are still open.
    resolver.cancel();
  }
}

async function recordsOf(
  resolver: Resolver,
  name: string,
  scheme: "http" | "https",
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    const records = await untilAborted(resolver.resolveSrv(name), signal);
    return [...records]
      .sort((a, b) => a.priority - b.priority)
      .map(({ name: host, port }) => `${scheme}://${host.replace(/\.$/, "")}:${port}`);
  } catch (error) {
    signal?.throwIfAborted();
    const code = systemErrorCode(error);
    if (noRecords.has(code)) return [];
    throw unavailable(`DNS does not answer for ${quote(name)}: ${code === "" ? String(error) : code}`, error);
  }
}

function resolverOf(nameServers: readonly string[] | undefined): Resolver {
  const resolver = new Resolver({ timeout: queryTimeoutMs, tries: 2 });
  try {
    resolver.setServers(nameServers ?? dns.getServers());
  } catch (error) {
    throw invalidArgument(
      "nameServers",
      `Cannot ${action}: nameServers is ${quote(nameServers)}: ${messageOf(error)}, expected addresses such as "10.0.0.10"`,
    );
  }
  return resolver;
}

function checkName(
  option: "domain" | "serviceName",
  given: unknown,
  labels: readonly string[] | undefined,
): void {
  if (typeof given === "string" && given.length <= 253 && labels?.every((part) => label.test(part))) return;
  throw invalidArgument(option, `Cannot ${action}: ${option} is ${quote(given)}, expected a DNS name`);
}

function unavailable(reason: string, cause?: unknown): StoreError<"UNAVAILABLE"> {
  return new StoreError(
    "UNAVAILABLE",
    `Cannot ${action}: ${reason}`,
    { retryAfterMs: 5_000, reason },
    { cause },
  );
}
