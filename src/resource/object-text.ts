/**
 * How a message names an object: `pods "default/web-1"`. Its etcd key, with the prefix of whoever runs the store, is in an
 * error's details and never in its message: messages reach clients.
 */
import { quote } from "../base/quote.ts";

/** @param resource "pods", "deployments.apps" */
export function textOfObject(
  resource: string,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name?: string | undefined },
): string {
  return `${resource} ${quote(namespace === undefined ? name : `${namespace}/${name ?? ""}`)}`;
}
