/**
 * What the senders need of a response: Node's `http.ServerResponse` and `http2.Http2ServerResponse` both have it. A
 * middleware that changes what is written (compression) must not stand between a watch and its socket.
 */
import type { Representation } from "../represent/representation.ts";

interface Writes {
  /** False: more is buffered than the stream wants; "drain" follows. */
  write(bytes: Uint8Array): boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  removeListener(event: "drain" | "close", listener: () => void): unknown;
  readonly destroyed: boolean;
}

export interface ResponseStream extends Writes {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  flushHeaders?(): void;
  end(): unknown;
  end(bytes: Uint8Array): unknown;
  /** The request's protocol tells whether the body is chunked. */
  readonly req?: { readonly httpVersionMajor: number; readonly httpVersionMinor: number } | undefined;
  readonly socket?: Writes | null;
  /** HTTP/2's own, whose response does not say that it is destroyed. */
  readonly stream?: { readonly destroyed: boolean } | undefined;
}

/** The client has gone, or the answer was given up. */
export function isGone({ destroyed, stream }: Pick<ResponseStream, "destroyed" | "stream">): boolean {
  return destroyed === true || stream?.destroyed === true;
}

/** Waits until the stream takes more; false: it is closed. */
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

/** Options of every answer with a body of known size. */
export interface SendOptions {
  /** The request's Accept-Encoding: a body above 128 KiB is compressed when it names gzip, as kube-apiserver does. */
  readonly acceptEncoding?: string | string[] | undefined;
  /** More headers. */
  readonly headers?: Readonly<Record<string, string | number>> | undefined;
}

/** kube-apiserver's bound: below it compression costs more than it saves. */
const gzipBytesMin = 131_072;

/** kube-apiserver's level: the fastest. */
export const gzipLevel = 1;

export function wantsGzip(options: SendOptions, sizeBytes: number): boolean {
  if (sizeBytes < gzipBytesMin || options.acceptEncoding === undefined) return false;
  return String(options.acceptEncoding)
    .split(",")
    .some((coding) => /^gzip(?:\s*;\s*q=(?!0(?:\.0*)?$).*)?$/i.test(coding.trim()));
}

/** Headers of an answer in `representation`. */
export function headersOf(
  contentType: Representation["contentType"],
  options: SendOptions,
): Record<string, string | number> {
  return { "content-type": contentType, "cache-control": "no-cache, private", ...options.headers };
}
