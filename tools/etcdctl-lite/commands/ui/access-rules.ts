/**
 * Access rules of the page's server. Pure: a request's facts in, a refusal or nothing out.
 *
 *   address   without a token only loopback is listened on
 *   Host      an IP address, "localhost" or a name the operator gave: a name of someone else's that points here is DNS rebinding
 *   Origin    a page of another origin may neither read nor write
 *   token     compared in constant time, from a header or the page's own cookie
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIP } from "node:net";
import { badArguments } from "../../cli/failure.ts";

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** The facts of a request that the rules use. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Refusal {
  readonly status: number;
  readonly sentence: string;
}

/** Minimum token length: a guessable token is not accepted. */
export const tokenBytesMin = 16;
/** Browsers send a cookie to every port of the host, so its name contains our port. */
const cookieName = (port: number): string => `keelson-ui-${port}`;

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** @throws CliFailure for an invalid address, or one beyond loopback without a token */
export function parseListen(text: string, hasToken: boolean): Listen {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > 65_535) {
    throw badArguments(`--listen is ${JSON.stringify(text)}, expected host:port, e.g. 127.0.0.1:8379`);
  }
  const host = bracketed ?? plain ?? "";
  if (!hasToken && !isLoopback(host)) {
    throw badArguments(
      `--listen ${text} is reached from other machines: give a token with --token-file, or listen on 127.0.0.1`,
    );
  }
  return { host: host === "" ? "::" : host, port };
}

export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === "localhost" : loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** The rules of one server. */
export class AccessRules {
  readonly #names: ReadonlySet<string>;
  readonly #token: string | undefined;
  readonly #writes: boolean;
  readonly #port: number;

  constructor(facts: {
    /** Additional host names of the page, besides addresses and "localhost". */
    readonly names: readonly string[];
    readonly token: string | undefined;
    readonly writes: boolean;
    readonly port: number;
  }) {
    this.#names = new Set(facts.names.map((name) => name.toLowerCase()));
    this.#token = facts.token;
    this.#writes = facts.writes;
    this.#port = facts.port;
  }

  /** Undefined: it is allowed. A missing token is handled separately. */
  refusal({ method, path, headers }: Asked): Refusal | undefined {
    const host = one(headers["host"]);
    if (host === undefined || !this.#knows(host)) {
      return {
        status: 421,
        sentence: `This page is not served as ${JSON.stringify(host ?? "")}. Open it by address or as localhost, or start it with --host-names.`,
      };
    }
    const origin = one(headers["origin"]);
    if (origin !== undefined && !isOriginOf(origin, host)) {
      return { status: 403, sentence: `A page of ${origin} may not ask here.` };
    }
    const site = one(headers["sec-fetch-site"]);
    const isOwn = site === undefined || site === "same-origin" || site === "none";
    // A link on another site may open the page; only the page itself may load its resources.
    const isDocument = path === "/" && one(headers["sec-fetch-mode"]) === "navigate";
    if (!isOwn && !isDocument) return { status: 403, sentence: "Another site's page may not ask here." };
    if (method === "GET" || method === "HEAD") return undefined;
    if (method !== "POST") return { status: 405, sentence: `The method ${method} is not known here.` };
    if (!/^application\/json(;|$)/.test(one(headers["content-type"]) ?? "")) {
      return { status: 415, sentence: "A write is sent as JSON." };
    }
    if (path !== "/api/session" && !this.#writes) {
      return {
        status: 403,
        sentence: "This page is read-only. Start it with --allow-writes to change keys.",
      };
    }
    return undefined;
  }

  /** Whether the request has the token, or needs none. */
  hasToken(headers: Asked["headers"]): boolean {
    if (this.#token === undefined) return true;
    const bearer = /^Bearer (.+)$/.exec(one(headers["authorization"]) ?? "")?.[1];
    if (bearer !== undefined) return this.isToken(bearer);
    const cookies = (one(headers["cookie"]) ?? "").split(/; */);
    const prefix = `${cookieName(this.#port)}=`;
    const cookie = cookies.find((each) => each.startsWith(prefix))?.slice(prefix.length);
    return cookie !== undefined && isSame(cookie, digestOf(this.#token));
  }

  isToken(given: string): boolean {
    return this.#token !== undefined && isSame(digestOf(given), digestOf(this.#token));
  }

  /** The cookie that a browser sends afterwards; never the token itself. */
  cookie(): string {
    return `${cookieName(this.#port)}=${digestOf(this.#token ?? "")}; HttpOnly; SameSite=Strict; Path=/`;
  }

  #knows(hostHeader: string): boolean {
    const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d+)?$/.exec(hostHeader) ?? [];
    const host = (bracketed ?? plain ?? "").toLowerCase();
    return isIP(host) !== 0 || host === "localhost" || this.#names.has(host);
  }
}

/** Behind a TLS-terminating proxy the origin is https with the same host. */
function isOriginOf(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

const digestOf = (token: string): string =>
  createHash("sha256").update("keelson-ui\0").update(token).digest("hex");

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const one = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === "string" ? header : header?.[0];
