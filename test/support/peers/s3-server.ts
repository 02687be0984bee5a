/**
 * An S3 server of this process for tests: PUT, GET, HEAD, DELETE and ListObjectsV2 of one bucket, path style, with every
 * signature checked by its own reading of Signature Version 4. It misbehaves as it is told.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface S3ServerOptions {
  readonly bucket?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** The server's clock is this far ahead. */
  readonly skewMs?: number;
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

export interface Asked {
  readonly method: string;
  /** Decoded, without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** From 1, over everything asked of the server. */
  readonly number: number;
}

/** What the server does instead of answering: a status with a code, or to the connection. */
export type Misdeed =
  | { readonly status: number; readonly code: string }
  /** The answer's second half never comes. "applied": what was asked is done, and the answer lost. */
  | "cut"
  | "applied, cut"
  /** One byte of the body that arrived is another. */
  | "flipped";

interface Stored {
  readonly bytes: Buffer;
  readonly modifiedMs: number;
}

export class S3Server implements AsyncDisposable {
  readonly #options: Required<Omit<S3ServerOptions, "tls">>;
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #secure: boolean;
  readonly objects = new Map<string, Stored>();
  readonly asked: Asked[] = [];
  /** Asked before every answer. */
  misdeed: (asked: Asked) => Misdeed | undefined = () => undefined;
  /** Listings do not show the last so many puts and deletes yet. */
  listingBehind = 0;
  /** What it does with If-None-Match: keeps to it, passes over it, or answers 501. */
  conditions: "kept" | "ignored" | "refused" = "kept";
  readonly #listed = new Map<string, Stored>();
  readonly #unlisted: { readonly key: string; readonly stored: Stored | undefined }[] = [];
  /** Moves `Last-Modified` of everything written from now on. */
  clockMs = 0;

  private constructor(options: S3ServerOptions) {
    this.#options = {
      bucket: options.bucket ?? "backups",
      accessKeyId: options.accessKeyId ?? "AKIDEXAMPLE",
      secretAccessKey: options.secretAccessKey ?? "a secret that is nobody's",
      skewMs: options.skewMs ?? 0,
    };
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response);
    };
    this.#secure = options.tls !== undefined;
    this.#server =
      options.tls === undefined ? createHttpServer(serve) : createHttpsServer(options.tls, serve);
  }

  static async start(options: S3ServerOptions = {}): Promise<S3Server> {
    const server = new S3Server(options);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get endpoint(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#secure ? "https" : "http"}://127.0.0.1:${port}`;
  }

  get credentials(): { readonly accessKeyId: string; readonly secretAccessKey: string } {
    const { accessKeyId, secretAccessKey } = this.#options;
    return { accessKeyId, secretAccessKey };
  }

  /** How often a method was asked for keys that begin so. */
  count(method: string, prefix = ""): number {
    return this.asked.filter((each) => each.method === method && each.key.startsWith(prefix)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #now(): number {
    return Date.now() + this.#options.skewMs + this.clockMs;
  }

  /** Puts an object, or takes it away; listings follow as they are told. */
  #change(key: string, stored: Stored | undefined): void {
    if (stored === undefined) this.objects.delete(key);
    else this.objects.set(key, stored);
    this.#unlisted.push({ key, stored });
    this.#follow();
  }

  /** Empties the bucket, for listings too. */
  clear(): void {
    this.objects.clear();
    this.#listed.clear();
    this.#unlisted.length = 0;
  }

  #follow(): void {
    while (this.#unlisted.length > this.listingBehind) {
      const { key, stored } = this.#unlisted.shift() ?? { key: "", stored: undefined };
      if (stored === undefined) this.#listed.delete(key);
      else this.#listed.set(key, stored);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    let body = Buffer.concat(parts);
    const url = new URL(request.url ?? "/", "http://server");
    const method = request.method ?? "GET";
    const [, bucket = "", ...rest] = url.pathname.split("/");
    const key = decodeURIComponent(rest.join("/"));
    const asked: Asked = { method, key, query: url.searchParams, number: this.asked.length + 1 };
    this.asked.push(asked);
    response.setHeader("Date", new Date(this.#now()).toUTCString());
    const misdeed = this.misdeed(asked);
    if (misdeed === "cut") return void request.socket.destroy();
    if (typeof misdeed === "object") return this.#refuse(response, misdeed.status, misdeed.code, method);
    if (misdeed === "flipped" && body.length > 0) {
      body = Buffer.from(body);
      body[0] = (body[0] ?? 0) ^ 1;
    }
    const refusal = this.#refusal(request, body);
    if (refusal !== undefined) return this.#refuse(response, refusal.status, refusal.code, method);
    if (bucket !== this.#options.bucket) return this.#refuse(response, 404, "NoSuchBucket", method);
    if (method === "PUT" && request.headers["if-none-match"] === "*") {
      if (this.conditions === "refused") return this.#refuse(response, 501, "NotImplemented", method);
      if (this.conditions === "kept" && this.objects.has(key)) {
        return this.#refuse(response, 412, "PreconditionFailed", method);
      }
    }
    if (misdeed === "applied, cut") {
      this.#answer(asked, body, undefined);
      return void request.socket.destroy();
    }
    this.#answer(asked, body, response);
  }

  #answer({ method, key, query }: Asked, body: Buffer, response: ServerResponse | undefined): void {
    const now = this.#now();
    const stored = this.objects.get(key);
    if (key === "") {
      response?.end(this.#listing(query));
    } else if (method === "PUT") {
      // To the second, as many servers have it.
      const modifiedMs = Math.floor(now / 1000) * 1000;
      this.#change(key, { bytes: body, modifiedMs });
      response?.end();
    } else if (method === "DELETE") {
      this.#change(key, undefined);
      response?.writeHead(204).end();
    } else if (stored === undefined) {
      if (response !== undefined) this.#refuse(response, 404, "NoSuchKey", method);
    } else {
      response?.setHeader("Content-Length", stored.bytes.length);
      response?.setHeader("Last-Modified", new Date(stored.modifiedMs).toUTCString());
      response?.end(method === "HEAD" ? undefined : stored.bytes);
    }
  }

  #listing(query: URLSearchParams): string {
    this.#follow();
    const prefix = query.get("prefix") ?? "";
    const after = query.get("continuation-token") ?? "";
    const most = Math.min(1000, Number(query.get("max-keys") ?? 1000));
    const all = [...this.#listed].filter(([key]) => key.startsWith(prefix) && key > after);
    all.sort(([a], [b]) => (a < b ? -1 : 1));
    const page = all.slice(0, most);
    const contents = page.map(
      ([key, { bytes, modifiedMs }]) =>
        `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>${new Date(modifiedMs).toISOString()}</LastModified><Size>${bytes.length}</Size></Contents>`,
    );
    const cut = all.length > page.length;
    const next = cut ? `<NextContinuationToken>${page.at(-1)?.[0]}</NextContinuationToken>` : "";
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${cut}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
  }

  #refuse(response: ServerResponse, status: number, code: string, method: string): void {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(
      method === "HEAD"
        ? undefined
        : `<Error><Code>${code}</Code><Message>the server says ${code}</Message></Error>`,
    );
  }

  /** Signature Version 4 as the server reads it. */
  #refusal(request: IncomingMessage, body: Buffer): { status: number; code: string } | undefined {
    const authorization = request.headers.authorization ?? "";
    const [, id, scope = "", names = "", signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
        authorization,
      ) ?? [];
    if (id === undefined) return { status: 403, code: "AccessDenied" };
    if (id !== this.#options.accessKeyId) return { status: 403, code: "InvalidAccessKeyId" };
    const stamp = String(request.headers["x-amz-date"]);
    const sentMs = Date.parse(stamp.replace(/^(.{4})(..)(..T..)(..)(..)Z$/, "$1-$2-$3:$4:$5Z"));
    if (Math.abs(sentMs - this.#now()) > 15 * 60_000) return { status: 403, code: "RequestTimeTooSkewed" };
    const bodyHash = createHash("sha256").update(body).digest("hex");
    if (request.headers["x-amz-content-sha256"] !== bodyHash) {
      return { status: 400, code: "XAmzContentSHA256Mismatch" };
    }
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const canonical = [
      request.method,
      path,
      query
        .split("&")
        .filter((part) => part !== "")
        .sort()
        .join("&"),
      ...names.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}`),
      "",
      names,
      bodyHash,
    ].join("\n");
    const hmac = (key: string | Buffer, text: string): Buffer =>
      createHmac("sha256", key).update(text).digest();
    const [day = "", region = "", service = ""] = scope.split("/");
    const key = hmac(
      hmac(hmac(hmac(`AWS4${this.#options.secretAccessKey}`, day), region), service),
      "aws4_request",
    );
    const text = [
      "AWS4-HMAC-SHA256",
      stamp,
      scope,
      createHash("sha256").update(canonical).digest("hex"),
    ].join("\n");
    if (hmac(key, text).toString("hex") === signature) return undefined;
    return { status: 403, code: "SignatureDoesNotMatch" };
  }
}
