/**
 * What etcd itself said, word for word, e.g. `etcdserver: mvcc: required revision has been compacted`: for tools
 * that show people the text they know. Programs match `code`.
 */
import { isError } from "../base/text/message-of.ts";
import { TransportFailure } from "./transport/transport.ts";

/** The server's own text among the causes of `error`; undefined when the failure was not the server's. */
export function etcdServerText(error: unknown): string | undefined {
  for (let cause = error; isError(cause); cause = cause.cause) {
    if (cause instanceof TransportFailure && cause.fromServer) return cause.text;
  }
  return undefined;
}
