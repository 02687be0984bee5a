/**
 * Whether an endpoint is etcd's own grpc-proxy. It answers like the member behind it but drops progress requests: a watch
 * through it shows its position only by its events. From 3.5 on it serves a page about itself that no member has; that of 3.4
 * serves the members' health, but not their version. Checked once for each lost connection, since the next one may lead to
 * another server. etcd's gateway forwards bytes and needs no detection.
 */
import { checkCall } from "../client/call-attempt.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { EtcdStats } from "../ports/etcd.ts";
import type { MemberPage } from "./member-page.ts";

/** The proxy reads a key before it answers; an endpoint that takes longer does not count as a proxy. Milliseconds. */
const pageTimeoutMs = 3_000;

export interface ProxyDetectionFacts {
  readonly endpoints: () => EtcdStats["endpoints"];
  /** Connections to the endpoint lost so far. */
  readonly losses: (url: string) => number;
  /** Reads a page of the endpoint. */
  readonly page: (url: string, path: string, timeoutMs: number) => Promise<MemberPage | undefined>;
}

export class ProxyDetection {
  readonly #facts: ProxyDetectionFacts;
  readonly #known = new Map<string, { readonly losses: number; readonly answer: Promise<boolean> }>();

  constructor(facts: ProxyDetectionFacts) {
    this.#facts = facts;
  }

  /** Whether any endpoint that answers is a grpc-proxy. @throws the signal's reason */
  async behindGrpcProxy(call: EtcdCall = {}): Promise<boolean> {
    checkCall(call, "look for a proxy");
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

/** Excludes web servers that answer any path; its status is 503 while the members behind it do not answer. */
function isHealth(page: MemberPage | undefined): boolean {
  return page !== undefined && /^\{"health":"(true|false)"/.test(page.text);
}
