/**
 * The part of a response that the senders need: Node's `http.ServerResponse` and `http2.Http2ServerResponse` both have
 * it. A middleware that changes the body (compression) must not be between a watch and its socket.
 */
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Representation } from "../represent/representation.ts";

/** A writable stream. */
export interface Writes {
  /** False: more is buffered than the stream wants; "drain" follows. */
  write(bytes: Uint8Array): boolean;
  /** Node's own. */
  once(event: "drain" | "close", listener: () => void): unknown;
  /** Node's own. */
  removeListener(event: "drain" | "close", listener: () => void): unknown;
  /** It is closed. */
  readonly destroyed: boolean;
}

/** The part of a response that the senders need; Node's responses have it. */
export interface ResponseStream extends Writes {
  /** Status and headers; called once, before the body. */
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  /** Sends the head before the body. */
  flushHeaders?(): void;
  /** Ends the body. */
  end(): unknown;
  end(bytes: Uint8Array): unknown;
  /** The request; its protocol version decides whether the body is chunked. */
  readonly req?:
    | {
        /** 1 or 2. */
        readonly httpVersionMajor: number;
        /** 0 for HTTP/1.0, which has no chunked bodies. */
        readonly httpVersionMinor: number;
      }
    | undefined;
  /** The connection, where the response shows it. */
  readonly socket?: Writes | null;
  /** The HTTP/2 stream, because its response does not expose that it is destroyed. */
  readonly stream?:
    | {
        /** The stream is closed. */
        readonly destroyed: boolean;
      }
    | undefined;
}

/** Whether the client has disconnected, or the response was abandoned. */
export function isGone({ destroyed, stream }: Pick<ResponseStream, "destroyed" | "stream">): boolean {
  return destroyed === true || stream?.destroyed === true;
}

/** Waits until the stream accepts more; false: it is closed. */
export function drained(stream: Writes & Pick<ResponseStream, "stream">): Promise<boolean> {
  if (isGone(stream)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onDrain = (): void => settle(true);
    const onClose = (): void => settle(false);
    const settle = (isOpen: boolean): void => {
      stream.removeListener("drain", onDrain);
      stream.removeListener("close", onClose);
      resolve(isOpen);
    };
    stream.once("drain", onDrain);
    stream.once("close", onClose);
  });
}

/** Options of every response with a body of known size. */
export interface SendOptions {
  /** The request's Accept-Encoding: a body above 128 KiB is compressed when it names gzip, as kube-apiserver does. */
  readonly acceptEncoding?: string | string[] | undefined;
  /** Additional headers. */
  readonly headers?: Readonly<Record<string, string | number>> | undefined;
}

export const sendNames: NamesOf<SendOptions> = { acceptEncoding: "texts", headers: "object" };

/** kube-apiserver's threshold, bytes: below it compression costs more than it saves. */
const gzipBytesMin = 131_072;

/** kube-apiserver's level: the fastest. */
export const gzipLevel = 1;

export function wantsGzip(options: SendOptions, sizeBytes: number): boolean {
  if (sizeBytes < gzipBytesMin || options.acceptEncoding === undefined) return false;
  return String(options.acceptEncoding)
    .split(",")
    .some((coding) => /^gzip(?:\s*;\s*q=(?!0(?:\.0*)?$).*)?$/i.test(coding.trim()));
}

/** Headers of a response in `representation`. */
export function headersOf(
  contentType: Representation["contentType"],
  options: SendOptions,
): Record<string, string | number> {
  return { "content-type": contentType, "cache-control": "no-cache, private", ...options.headers };
}
