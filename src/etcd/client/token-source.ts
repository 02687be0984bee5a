/**
 * The token of password auth: fetched when first needed and again when etcd no longer accepts it, by one
 * request for all waiting callers. The password stays in a private field and the token is sent as metadata only;
 * neither appears in a message, in stats or in `inspect`.
 */
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, type StoreError } from "../../errors.ts";
import { type AuthenticateResponse, authenticateRequest, authenticateResponse } from "../wire/auth.ts";
import type { Rpc } from "./client.ts";

export const authenticateRpc: Rpc<AuthenticateResponse> = {
  path: "/etcdserverpb.Auth/Authenticate",
  // A repetition only creates one more token, which expires.
  effect: "idempotent",
  judged: false,
  lane: "unary",
  action: "authenticate with etcd",
  decode: authenticateResponse.decode,
};

/** Whether etcd reports that auth is disabled. */
export function authIsOff(error: unknown): boolean {
  return isStoreError(error, "INVALID_ARGUMENT") && /authentication is not enabled/.test(error.message);
}

/** etcd spends about 50 ms of CPU on a password: a refused one is not tried again before this. */
const refusalRestMs = 1_000;

export class TokenSource {
  readonly username: string;
  readonly #password: string;
  readonly #clock: Clock;
  readonly #authenticate: (request: Uint8Array) => Promise<string>;
  #metadata: Readonly<Record<string, string>> | undefined;
  #pending: Promise<void> | undefined;
  #refused: { readonly error: StoreError; readonly untilMs: number } | undefined;

  constructor(options: {
    readonly username: string;
    readonly password: string;
    readonly clock: Clock;
    /** Sends an encoded AuthenticateRequest. */
    readonly authenticate: (request: Uint8Array) => Promise<string>;
  }) {
    this.username = options.username;
    this.#password = options.password;
    this.#clock = options.clock;
    this.#authenticate = options.authenticate;
  }

  /** Metadata to send; undefined before the first `refresh`. Empty when auth is disabled in etcd. */
  get metadata(): Readonly<Record<string, string>> | undefined {
    return this.#metadata;
  }

  /**
   * Resolves when `metadata` differs from `stale`.
   * @throws UNAUTHENTICATED for a wrong password, UNAVAILABLE, DEADLINE
   */
  async refresh(stale: Readonly<Record<string, string>> | undefined): Promise<void> {
    if (this.#metadata !== stale) return;
    if (this.#refused !== undefined && this.#clock.monotonicMs() < this.#refused.untilMs) {
      throw this.#refused.error;
    }
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
  }

  async #fetch(): Promise<void> {
    try {
      const request = authenticateRequest.encode({ name: this.username, password: this.#password });
      const token = await this.#authenticate(request);
      this.#metadata = Object.freeze({ token });
      this.#refused = undefined;
    } catch (error) {
      if (authIsOff(error)) {
        this.#metadata = Object.freeze({});
        return;
      }
      if (isStoreError(error, "UNAUTHENTICATED")) {
        this.#refused = { error, untilMs: this.#clock.monotonicMs() + refusalRestMs };
      }
      throw error;
    }
  }
}
