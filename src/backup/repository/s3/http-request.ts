/**
 * One HTTP request with a time limit, its answer as a whole. Answers are bounded: object storage holds nothing larger
 * than a manifest, and a server that sends more is cut off.
 */
import { type Agent as HttpAgent, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";

/** A manifest names every chunk of a backup with 67 bytes: this is enough for a database of 250 GB. */
const answerBytesMax = 256 * 1024 * 1024;

export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly agent?: HttpAgent | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Path and query as they were signed; default: the URL's own. */
  readonly path?: string;
}

export interface PlainReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Rejects with the connection's error, or one whose message says that the time is over. */
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
        // Of silence; a slow answer that still arrives is no failure.
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
          // Node ends an answer that was cut like one that is whole, and says so here alone.
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
