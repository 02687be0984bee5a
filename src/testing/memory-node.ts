/** What answers at an endpoint of the in-memory etcd: the seam between transport and server. */
import type { MethodPath } from "../etcd/transport/transport.ts";
import type { EtcdRefusal } from "./refusal.ts";
import type { HubStream, ReplySink } from "./watch-hub.ts";

/** Where the replies of one stream go, and how the server ends it. */
export interface StreamSink extends ReplySink {
  /** Ends the stream with the server's status; without one the connection breaks. */
  end(refusal: EtcdRefusal | undefined): void;
}

/** What answers at one endpoint: a `MemoryServer`, or a member of a cluster in a simulation. */
export interface MemoryNode {
  /** One unary call, answered at once or later. @throws EtcdRefusal with the server's status */
  call(method: MethodPath, request: Uint8Array): Uint8Array | Promise<Uint8Array>;
  openWatch(sink: StreamSink): HubStream;
  /** One message of a keepalive stream. */
  keepAlive(request: Uint8Array): Uint8Array;
  /**
   * The process that listens here now: with another one connections to the one before are lost, with what is under way on
   * them. Undefined: nobody listens. Absent: always the same.
   */
  peer?(): object | undefined;
}
