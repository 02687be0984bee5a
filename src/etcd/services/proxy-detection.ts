/**
 * Whether an endpoint is etcd's own grpc-proxy, which answers as the member behind it does and drops progress requests: a watch
 * through it tells how far it is by its events alone. From 3.5 on it serves a page about itself that no member has; that of 3.4
 * serves the members' health, and not their version. Asked once for each connection that is lost: behind the next one may be
 * something else. etcd's gateway passes bytes on and needs no notice.
 */
import type { EtcdCall } from "../ports/call.ts";
import type { EtcdStats } from "../ports/etcd.ts";
import type { MemberPage } from "./member-page.ts";

/** The proxy reads a key before it answers; beyond this the endpoint counts as none. Milliseconds. */
const pageTimeoutMs = 3_000;

export interface ProxyDetectionFacts {
  readonly endpoints: () => EtcdStats["endpoints"];
  /** Connections to the endpoint lost so far. */
  readonly losses: (url: string) => number;
  /** A page of the endpoint. */
  readonly page: (url: string, path: string, timeoutMs: number) => Promise<MemberPage | undefined>;
}

export class ProxyDetection {
  readonly #facts: ProxyDetectionFacts;
  readonly #known = new Map<string, { readonly losses: number; readonly answer: Promise<boolean> }>();

  constructor(facts: ProxyDetectionFacts) {
    this.#facts = facts;
  }

  /** Whether any endpoint that answers is a grpc-proxy. @throws the signal's reason */
  async behindGrpcProxy(call: Pick<EtcdCall, "signal"> = {}): Promise<boolean> {
    const healthy = this.#facts.endpoints().filter(({ state }) => state === "healthy");
    const answers = await Promise.all(healthy.map(({ url }) => this.#ask(url)));
    call.signal?.throwIfAborted();
    return answers.includes(true);
  }

  #ask(url: string): Promise<boolean> {
    const losses = this.#facts.losses(url);
    const known = this.#known.get(url);
    if (known?.losses === losses) return known.answer;
    const answer = this.#isProxy(url).catch(() => false);
    this.#known.set(url, { losses, answer });
    return answer;
  }

  async #isProxy(url: string): Promise<boolean> {
    if (isHealth(await this.#facts.page(url, "/proxy/health", pageTimeoutMs))) return true;
    const version = await this.#facts.page(url, "/version", pageTimeoutMs);
    return version?.status === 404 && isHealth(await this.#facts.page(url, "/health", pageTimeoutMs));
  }
}

/** Not whatever some web server answers any path with; its status is 503 while the members behind it do not answer. */
function isHealth(page: MemberPage | undefined): boolean {
  return page !== undefined && /^\{"health":"(true|false)"/.test(page.text);
}
