/** The server at an endpoint of the in-memory etcd: the seam between transport and server. */
import type { MethodPath } from "../etcd/transport/transport.ts";
import type { EtcdRefusal } from "./refusal.ts";
import type { HubStream, ReplySink } from "./watch-hub.ts";

/** Receives the replies of one stream and its end. */
export interface StreamSink extends ReplySink {
  /** Ends the stream with the server's status; without one the connection breaks. */
  end(refusal: EtcdRefusal | undefined): void;
}

/** The server at one endpoint: a `MemoryServer`, or a member of a cluster in a simulation. */
export interface MemoryNode {
  /** Handles one unary call, immediately or later. @throws EtcdRefusal with the server's status */
  call(method: MethodPath, request: Uint8Array): Uint8Array | Promise<Uint8Array>;
  openWatch(sink: StreamSink): HubStream;
  /** One message of a keepalive stream. */
  keepAlive(request: Uint8Array): Uint8Array;
  /**
   * The process that listens here now. When it changes, connections to the previous process are lost, with the calls in
   * flight on them. Undefined: no process listens. Absent: it never changes.
   */
  peer?(): object | undefined;
}
