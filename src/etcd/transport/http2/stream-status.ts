/** How a stream ended, in gRPC's terms: converts trailers, resets and HTTP error pages to TransportFailures. */
import { grpcStatus, type RequestReach, TransportFailure } from "../transport.ts";
import { h2Error } from "./frames.ts";
import { decodeGrpcMessage } from "./grpc-message.ts";

/** A failure that the client detected itself. */
export function localFailure(
  endpoint: string,
  code: number,
  text: string,
  request: RequestReach,
): TransportFailure {
  return new TransportFailure({ code, text, request, fromServer: false, endpoint });
}

/** The last header block of a stream; undefined: status OK. `headers`: the block before it, if there was one. */
export function trailersFailure(
  endpoint: string,
  headers: ReadonlyMap<string, string> | undefined,
  trailers: ReadonlyMap<string, string>,
): TransportFailure | undefined {
  const text = trailers.get("grpc-status");
  if (text === "0") return undefined;
  if (text === undefined) {
    return headers === undefined && trailers.get(":status") !== "200"
      ? httpFailure(endpoint, trailers)
      : localFailure(endpoint, grpcStatus.unknown, "trailers without grpc-status", "sent");
  }
  return new TransportFailure({
    code: /^\d{1,3}$/.test(text) ? Number(text) : grpcStatus.unknown,
    text: decodeGrpcMessage(trailers.get("grpc-message") ?? ""),
    request: "sent",
    fromServer: true,
    endpoint,
  });
}

const codeOfHttpStatus: Readonly<Record<string, number>> = {
  "400": grpcStatus.internal,
  "401": grpcStatus.unauthenticated,
  "403": grpcStatus.permissionDenied,
  "404": grpcStatus.unimplemented,
  "429": grpcStatus.unavailable,
  "502": grpcStatus.unavailable,
  "503": grpcStatus.unavailable,
  "504": grpcStatus.unavailable,
};

/** The first header block of a stream; undefined: a gRPC response begins. */
export function headersFailure(
  endpoint: string,
  headers: ReadonlyMap<string, string>,
): TransportFailure | undefined {
  const isGrpc = (headers.get("content-type") ?? "").startsWith("application/grpc");
  return headers.get(":status") === "200" && isGrpc ? undefined : httpFailure(endpoint, headers);
}

/** A response that is not gRPC's, by gRPC's table (grpc doc/http-grpc-status-mapping.md). */
function httpFailure(endpoint: string, headers: ReadonlyMap<string, string>): TransportFailure {
  const status = headers.get(":status") ?? "none";
  return localFailure(
    endpoint,
    codeOfHttpStatus[status] ?? grpcStatus.unknown,
    `the server answered HTTP status ${status}, content type "${headers.get("content-type") ?? ""}"`,
    "sent",
  );
}

const codeOfReset: Readonly<Record<number, number>> = {
  [h2Error.none]: grpcStatus.unavailable,
  [h2Error.refusedStream]: grpcStatus.unavailable,
  [h2Error.cancel]: grpcStatus.cancelled,
  [h2Error.enhanceYourCalm]: grpcStatus.resourceExhausted,
  [h2Error.inadequateSecurity]: grpcStatus.permissionDenied,
};

/** RST_STREAM, by gRPC's table (grpc doc/PROTOCOL-HTTP2.md, "Errors"). REFUSED_STREAM promises that it was not processed. */
export function resetFailure(endpoint: string, code: number): TransportFailure {
  return localFailure(
    endpoint,
    codeOfReset[code] ?? grpcStatus.internal,
    code === h2Error.enhanceYourCalm
      ? "Bandwidth exhausted"
      : `the server reset the stream with HTTP/2 code ${code}`,
    code === h2Error.refusedStream ? "refused" : "sent",
  );
}
