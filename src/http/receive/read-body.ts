/** Reads a whole request body up to a limit; it stops at the limit and does not buffer the rest. */
import { checkOptions } from "../../base/text/known-options.ts";
import { StoreError } from "../../errors.ts";

/** The part of a request that is needed: Node's `http.IncomingMessage` and `http2.Http2ServerRequest` both have it. */
export interface RequestStream {
  /** Node's own: "data", then "end"; "error" or "close" when the client disconnects. */
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Stops reading; called when the body is refused. */
  pause(): unknown;
  /** Headers of the request. */
  readonly headers: {
    /** Announced size, bytes. */
    readonly "content-length"?: string | undefined;
  };
}

/** kube-apiserver's limit of a body, bytes. */
const bodyBytesMax = 3_145_728;

/**
 * The body's bytes; empty for none.
 * @throws TOO_LARGE as soon as more arrives or is announced; the rest is not read, so close the connection with the
 * response
 * @throws UNAVAILABLE when the client disconnects before the end
 */
export function readBody(
  request: RequestStream,
  options: {
    /** Largest accepted body, bytes, inclusive; default 3 MiB, as kube-apiserver. */
    readonly limitBytes?: number | undefined;
  } = {},
): Promise<Uint8Array> {
  checkOptions(options, "read request", { limitBytes: "count" });
  const { limitBytes = bodyBytesMax } = options;
  return new Promise((resolve, reject) => {
    const refuse = (sizeBytes: number): void => {
      request.pause();
      const message = `Cannot read request: its body has ${sizeBytes} bytes or more, expected at most ${limitBytes}`;
      reject(new StoreError("TOO_LARGE", message, { sizeBytes, limitBytes }));
    };
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > limitBytes) return refuse(announced);
    const parts: Uint8Array[] = [];
    let sizeBytes = 0;
    let isWhole = false;
    request.on("data", (bytes) => {
      sizeBytes += bytes.byteLength;
      if (sizeBytes > limitBytes) refuse(sizeBytes);
      else parts.push(bytes);
    });
    request.on("end", () => {
      isWhole = true;
      const [only] = parts;
      resolve(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts));
    });
    const gone = (cause?: Error): void => {
      // Every request is closed eventually.
      if (isWhole) return;
      const message = "Cannot read request: the client went before its end";
      reject(new StoreError("UNAVAILABLE", message, { retryAfterMs: 0 }, { cause }));
    };
    request.on("error", gone);
    request.on("close", () => gone());
  });
}
