/**
 * etcd's own error text, verbatim, e.g. `etcdserver: mvcc: required revision has been compacted`: for tools
 * that show a text their users know. Programs match `code`.
 */
import { isError } from "../base/text/message-of.ts";
import { TransportFailure } from "./transport/transport.ts";

/** The server's own text among the causes of `error`; undefined when the failure did not come from the server. */
export function etcdServerText(error: unknown): string | undefined {
  for (let cause = error; isError(cause); cause = cause.cause) {
    if (cause instanceof TransportFailure && cause.fromServer) return cause.text;
  }
  return undefined;
}
