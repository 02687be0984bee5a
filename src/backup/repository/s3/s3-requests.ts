/**
 * Signed requests to one bucket, repeated when that can help.
 *
 * Every request here may be repeated: a GET changes nothing, a PUT and a DELETE of the same object end in the same state.
 * Repeated with back-off: broken connections, truncated responses, timeouts, 408, 429, 5xx and a body that arrived damaged.
 * If a server reports that our clock is wrong, its Date corrects the time in signatures. Refused credentials are searched
 * once more.
 */

import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import aws4 from "aws4";
import { Backoff } from "../../../base/backoff.ts";
import type { Random } from "../../../base/random.ts";
import { isError } from "../../../base/text/message-of.ts";
import { quote } from "../../../base/text/quote.ts";
import type { Clock } from "../../../base/time/clock.ts";
import { invalidArgument, StoreError } from "../../../errors.ts";
import { type PlainReply, plainRequest } from "./http-request.ts";
import type { S3Address, S3Options } from "./s3-address.ts";
import type { CredentialChain } from "./s3-credentials.ts";
import { xmlText } from "./xml-text.ts";

export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE" | "HEAD";
  /** Key below the address' prefix; "" for the bucket itself. */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  /** Statuses besides 2xx that are not failures, e.g. 404 of a GET. */
  readonly accepted?: readonly number[] | undefined;
  /** Most tries; default 9. */
  readonly tries?: number | undefined;
}

export interface S3Reply extends PlainReply {
  /** The server's clock when it answered, milliseconds since 1970; ours if it does not report it. */
  readonly serverMs: number;
}

export interface RequestContext {
  readonly address: S3Address;
  readonly options: S3Options;
  readonly credentials: CredentialChain;
  readonly clock: Clock;
  readonly random: Random;
}

/** At most two minutes: throttling servers ask for tens of seconds. */
const triesMax = 9;
const backoffOf = { firstMs: 200, maxMs: 20_000 } as const;
const requestTimeoutDefaultMs = 60_000;
/** Connections at once; work on many chunks stays below it. */
export const connectionsMax = 16;
const repeatedCodes = new Set([
  "RequestTimeout",
  "SlowDown",
  "InternalError",
  "ServiceUnavailable",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "IncompleteBody",
  "OperationAborted",
]);
const credentialCodes = new Set([
  "ExpiredToken",
  "InvalidToken",
  "TokenRefreshRequired",
  "ExpiredTokenException",
]);
const emptyHash = createHash("sha256").digest("hex");

export class S3Requests {
  readonly #context: RequestContext;
  readonly #agent: HttpAgent;
  /** How far the server's clock is ahead of ours; S3 refuses signatures that are 15 minutes off. */
  #skewMs = 0;

  constructor(context: RequestContext) {
    this.#context = context;
    const pool = { keepAlive: true, maxSockets: connectionsMax };
    const ca = context.options.ca;
    this.#agent =
      context.address.protocol === "https:"
        ? new HttpsAgent({
            ...pool,
            ...(ca === undefined ? {} : { ca: ca instanceof Uint8Array ? Buffer.from(ca) : ca }),
          })
        : new HttpAgent(pool);
  }

  /**
   * @throws UNAVAILABLE when all tries fail · UNAUTHENTICATED, PERMISSION_DENIED when the server refuses ·
   *   INVALID_ARGUMENT for a bucket that is missing or in another region
   */
  async send(request: S3Request): Promise<S3Reply> {
    const { clock, random, credentials } = this.#context;
    const backoff = new Backoff(backoffOf, clock, random);
    const { tries = triesMax } = request;
    let renewed = false;
    let skewed = false;
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#once(request).catch((error: unknown) => {
        if (error instanceof StoreError) throw error;
        return isError(error) ? error : new Error(String(error));
      });
      if (isError(reply)) {
        if (attempt >= tries) throw this.#unavailable(request, reply.message, reply);
        await backoff.wait();
        continue;
      }
      if (reply.status >= 200 && reply.status < 300) return reply;
      if (request.accepted?.includes(reply.status)) return reply;
      const text = reply.body.toString("utf8");
      const code = xmlText(text, "Code") ?? "";
      if (!skewed && (code === "RequestTimeTooSkewed" || (reply.status === 403 && this.#isSkewed(reply)))) {
        skewed = true;
        this.#skewMs = reply.serverMs - clock.nowMs();
        continue;
      }
      if (!renewed && credentialCodes.has(code)) {
        renewed = true;
        credentials.forget();
        continue;
      }
      const again =
        reply.status >= 500 || reply.status === 429 || reply.status === 408 || repeatedCodes.has(code);
      const what = `${xmlText(text, "Message") ?? `status ${reply.status}`}${code === "" ? "" : ` (${code})`}`;
      if (!again || reply.status === 501) throw this.#refused(request, reply.status, code, what);
      if (attempt >= tries) throw this.#unavailable(request, what);
      await backoff.wait();
    }
  }

  async #once(request: S3Request): Promise<S3Reply> {
    const { address, options, credentials, clock } = this.#context;
    const key = await credentials.current();
    const { protocol, hostname, port, basePath, prefix } = address;
    const query = Object.entries(request.query ?? {})
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .join("&");
    const where = request.name === "" ? "" : encoded(`${prefix}${request.name}`).replaceAll("%2F", "/");
    const path = `${basePath}${where}${query === "" ? "" : `?${query}`}`;
    const host = port === undefined ? hostname : `${hostname}:${port}`;
    const { body } = request;
    const signed = aws4.sign(
      {
        service: "s3",
        region: address.region,
        host,
        path,
        method: request.method,
        headers: {
          Host: host,
          "X-Amz-Date": new Date(clock.nowMs() + this.#skewMs).toISOString().replace(/[-:]|\.\d+/g, ""),
          // The server checks it: a body changed in transit is refused instead of stored.
          "X-Amz-Content-Sha256":
            body === undefined ? emptyHash : createHash("sha256").update(body).digest("hex"),
          ...(body === undefined ? {} : { "Content-Type": "application/octet-stream" }),
          ...request.headers,
        },
      },
      {
        accessKeyId: key.accessKeyId,
        secretAccessKey: key.secretAccessKey,
        ...(key.sessionToken === undefined ? {} : { sessionToken: key.sessionToken }),
      },
    );
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(signed.headers ?? {})) headers[name] = String(value);
    const reply = await plainRequest(`${protocol}//${host}/`, {
      method: request.method,
      path,
      headers,
      body,
      agent: this.#agent,
      timeoutMs: options.requestTimeoutMs ?? requestTimeoutDefaultMs,
    });
    const date = Date.parse(reply.headers["date"] ?? "");
    return { ...reply, serverMs: Number.isNaN(date) ? clock.nowMs() : date };
  }

  /** A HEAD, and servers that hide their reason, return only 403: their Date shows the cause. */
  #isSkewed(reply: S3Reply): boolean {
    const apartMs = Math.abs(reply.serverMs - this.#context.clock.nowMs() - this.#skewMs);
    return apartMs > 5 * 60_000;
  }

  #unavailable(request: S3Request, what: string, cause?: Error): StoreError<"UNAVAILABLE"> {
    return new StoreError(
      "UNAVAILABLE",
      `Cannot ${verbs[request.method]} ${this.#place(request)}: ${what}, after ${request.tries ?? triesMax} tries`,
      { retryAfterMs: backoffOf.maxMs, reason: what, endpoint: this.#context.address.hostname },
      { cause },
    );
  }

  #refused(request: S3Request, status: number, code: string, what: string): StoreError {
    const { bucket } = this.#context.address;
    const message = `Cannot ${verbs[request.method]} ${this.#place(request)}: ${what}`;
    if (code === "NoSuchBucket" || status === 301 || status === 307 || code === "InvalidBucketName") {
      const region = status === 301 || status === 307 ? "; is its region the one given?" : "";
      return invalidArgument("directory", `Cannot use bucket ${quote(bucket)}: ${what}${region}`);
    }
    if (
      status === 401 ||
      ["InvalidAccessKeyId", "SignatureDoesNotMatch", ...credentialCodes].includes(code)
    ) {
      return new StoreError("UNAUTHENTICATED", message, { reason: what });
    }
    if (status === 403) return new StoreError("PERMISSION_DENIED", message, { reason: what });
    return new StoreError("UNAVAILABLE", message, {
      retryAfterMs: backoffOf.maxMs,
      reason: what,
      endpoint: this.#context.address.hostname,
    });
  }

  #place({ name }: S3Request): string {
    const { bucket, prefix } = this.#context.address;
    return quote(`s3://${bucket}/${prefix}${name}`);
  }
}

const verbs = { GET: "read", HEAD: "read", PUT: "write", DELETE: "delete" } as const;

/** Percent-encoding for signatures: everything except letters, digits and "-._~". */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
