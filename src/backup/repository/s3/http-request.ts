/**
 * One HTTP request with a time limit and its whole response. Responses are limited: object storage holds nothing larger
 * than a manifest, and a response that exceeds the limit is aborted.
 */
import { type Agent as HttpAgent, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";

/** A manifest names every chunk of a backup with 67 bytes: enough for a database of 250 GB. */
const answerBytesMax = 256 * 1024 * 1024;

export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly agent?: HttpAgent | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Signed path and query; default: the URL's own. */
  readonly path?: string;
}

export interface PlainReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Rejects with the connection's error, or with one whose message reports the timeout. */
export function plainRequest(url: string, options: PlainRequest): Promise<PlainReply> {
  return new Promise((resolve, reject) => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const send = protocol === "https:" ? overHttps : overHttp;
    const sent = send(
      {
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port: port === "" ? undefined : Number(port),
        path: options.path ?? `${pathname}${search}`,
        method: options.method ?? "GET",
        headers: { ...options.headers, "content-length": String(options.body?.length ?? 0) },
        agent: options.agent,
        signal: options.signal,
        // Limits silence only; a slow response that still arrives is not a failure.
        timeout: options.timeoutMs,
      },
      (answer) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes > answerBytesMax) sent.destroy(new Error(`the answer is over ${answerBytesMax} bytes`));
          else parts.push(part);
        });
        answer.on("end", () => {
          // Node ends a truncated response like a complete one, and reports it only here.
          if (!answer.complete) return reject(new Error("the answer was cut"));
          const headers: Record<string, string | undefined> = {};
          for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value);
          resolve({ status: answer.statusCode ?? 0, headers, body: Buffer.concat(parts, bytes) });
        });
        answer.on("error", reject);
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${options.timeoutMs} ms`)));
    sent.on("error", reject);
    sent.end(options.body);
  });
}
