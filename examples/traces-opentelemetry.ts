/**
 * OpenTelemetry spans of every etcd request and stream, from keelson's diagnostics channels. Needs
 * `@opentelemetry/api`; without a registered SDK the spans are dropped.
 */
import { subscribe } from "node:diagnostics_channel";
import { type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { connectEtcd, type RequestEvent, type StreamEvent, startLocalEtcd } from "keelson/etcd";

export function etcdTraces(): void {
  const tracer = trace.getTracer("keelson");
  /** Open spans, by the id with which the channel pairs start and end. */
  const open = new Map<number, Span>();
  const handle = (message: unknown): void => {
    const event = message as RequestEvent | StreamEvent;
    if (event.phase !== "end") {
      // The channel publishes in the caller's async context, so the caller's span becomes the parent.
      const name = event.method.replace(/^\//, "");
      const [service = "", method = ""] = name.split("/");
      const attributes = { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method };
      open.set(event.id, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }));
      return;
    }
    const span = open.get(event.id);
    open.delete(event.id);
    if (span === undefined) return;
    if (event.endpoint !== undefined) span.setAttributes(serverOf(event.endpoint));
    span.setAttribute("rpc.response.size", event.bytesReceived ?? 0);
    if (event.outcome !== "OK" && event.outcome !== "CANCELLED") {
      span.setAttribute("error.type", event.outcome ?? "");
      span.setStatus({ code: SpanStatusCode.ERROR, message: event.outcome ?? "" });
    }
    span.end();
  };
  subscribe("keelson:etcd:request", handle);
  subscribe("keelson:etcd:stream", handle);
}

/** By the semantic conventions: the address without scheme and port. */
function serverOf(endpoint: string): Record<string, string | number> {
  const { hostname, port } = new URL(endpoint);
  return {
    "server.address": hostname.replace(/^\[|\]$/g, ""),
    ...(port === "" ? {} : { "server.port": Number(port) }),
  };
}

etcdTraces();
await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await trace.getTracer("example").startActiveSpan("write and read", async (span) => {
  await etcd.kv.put({ key: "examples/traces", value: "1" });
  await etcd.kv.range({ key: "examples/traces" });
  span.end();
});
