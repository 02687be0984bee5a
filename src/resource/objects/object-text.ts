/**
 * How a message names an object: `pods "default/web-1"`. Its etcd key, which contains the operator's prefix, is in an error's
 * details and never in its message, because messages reach clients.
 */
import { quote } from "../../base/text/quote.ts";

/** A namespace and a name; both absent for a whole kind. */
export interface ObjectPlace {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** @param resource "pods", "deployments.apps" */
export function textOfObject(resource: string, { namespace, name }: ObjectPlace): string {
  return `${resource} ${quote(namespace === undefined ? name : `${namespace}/${name ?? ""}`)}`;
}
