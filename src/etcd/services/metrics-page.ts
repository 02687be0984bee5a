/**
 * A member's metrics page, from its client URL and with the same certificates as its other requests. A member that serves no
 * page (its metrics are elsewhere, or it is no HTTP server at all) gives no figures.
 */
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { EtcdCall } from "../ports/ports.ts";
import { handshakeOptions, socketTarget } from "../transport/dial-target.ts";
import type { CurrentTls, EndpointAddress } from "../transport/transport.ts";

/** The page is some hundred KiB; more is not a metrics page. */
const pageBytesMax = 16 * 1024 * 1024;
const quotaMetric = /^etcd_server_quota_backend_bytes (\S+)$/m;

/** Reads the page of the endpoint it is asked for; undefined where there is none. */
export type MetricsReader = (call: EtcdCall & { readonly endpoint: string }) => Promise<string | undefined>;

/** The space quota (etcd --quota-backend-bytes): etcd 3.6 tells it in its status, before that it stands only on this page. */
export function quotaBytesIn(page: string | undefined): bigint | undefined {
  const text = page === undefined ? undefined : quotaMetric.exec(page)?.[1];
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value > 0 ? BigInt(value) : undefined;
}

export function readMetricsPage(
  endpoint: EndpointAddress,
  tls: CurrentTls | undefined,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs: number },
): Promise<string | undefined> {
  const { signal, timeoutMs } = options;
  const place = socketTarget(endpoint);
  const target = {
    ...("path" in place ? { socketPath: place.path } : place),
    path: "/metrics",
    timeout: timeoutMs,
    agent: false as const,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const request = endpoint.secure
      ? requestTls({ ...target, ...handshakeOptions(endpoint, tls?.current()) })
      : requestPlain(target);
    const untold = (): void => (signal?.aborted === true ? reject(signal.reason) : resolve(undefined));
    request.on("error", untold);
    request.on("timeout", () => request.destroy(new Error("no metrics page in time")));
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("error", untold);
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > pageBytesMax) request.destroy(new Error("the metrics page does not end"));
        else parts.push(part);
      });
      response.on("end", () => {
        resolve(response.statusCode === 200 ? Buffer.concat(parts).toString() : undefined);
      });
    });
    request.end();
  });
}
