/**
 * Reads a member's HTTP pages (metrics, probes) at its client URL, with the same certificates as its other requests. Returns
 * undefined if the member serves none there (they are elsewhere, or it is not an HTTP server).
 */
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { StoreError } from "../../errors.ts";
import type { EtcdCall } from "../ports/call.ts";
import { handshakeOptions, socketTarget } from "../transport/dial-target.ts";
import type { CurrentTls, EndpointAddress } from "../transport/transport.ts";

/** A metrics page is some hundred KiB; a larger one is not etcd's. */
const pageBytesMax = 16 * 1024 * 1024;

export interface MemberPage {
  readonly status: number;
  readonly text: string;
}

/**
 * Reads one page of an endpoint; undefined if there is none.
 * @throws DEADLINE when a page is begun or awaited and not complete in time
 */
export type PageReader = (
  path: string,
  call: EtcdCall & { readonly endpoint: string },
) => Promise<MemberPage | undefined>;

export function readMemberPage(
  endpoint: EndpointAddress,
  tls: CurrentTls | undefined,
  options: { readonly path: string; readonly signal?: AbortSignal | undefined; readonly timeoutMs: number },
): Promise<MemberPage | undefined> {
  const { path, signal, timeoutMs } = options;
  const place = socketTarget(endpoint);
  const target = {
    ...("path" in place ? { socketPath: place.path } : place),
    path,
    timeout: timeoutMs,
    agent: false as const,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const request = endpoint.secure
      ? requestTls({ ...target, ...handshakeOptions(endpoint, tls?.current()) })
      : requestPlain(target);
    const late = new StoreError(
      "DEADLINE",
      `Cannot read a page of a member: "${path}" of "${endpoint.url}" is not there within ${timeoutMs} ms`,
      { timeoutMs, endpoint: endpoint.url },
    );
    const untold = (error: Error): void => {
      if (signal?.aborted === true) reject(signal.reason);
      else if (error === late) reject(late);
      else resolve(undefined);
    };
    request.on("error", untold);
    request.on("timeout", () => request.destroy(late));
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("error", untold);
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > pageBytesMax) request.destroy(new Error("the page does not end"));
        else parts.push(part);
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
      });
    });
    request.end();
  });
}
