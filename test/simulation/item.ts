/** The kind of the objects in simulated worlds: small, with a label and a selectable field. */
import { defineKind, type Kind, type Resource } from "keelson";
import { tokenIn } from "./checks/truth.ts";

export interface Item extends Resource {
  spec: { token: string; node: string };
}

/** Namespaces with a common name prefix, so that a wrong range boundary is detected. */
export const namespaces = ["a", "a-b", "ab"] as const;
export const itemNames = ["x", "x-1", "y"] as const;

export const Item: Kind<Item> = weighedItem(undefined);

/** The same kind as another process defines it: with other measures, or none. */
export function weighedItem(weight: number | undefined): Kind<Item> {
  return defineKind<Item>({
    version: "v1",
    kind: "Item",
    plural: "items",
    scope: "Namespaced",
    fields: { "spec.node": ({ spec }) => spec.node },
    indexes: ["label:app", "field:spec.node"],
    ...(weight === undefined ? {} : { measure: () => ({ weight }) }),
  });
}

/** The kinds of a process that does not know items. */
export const Note: Kind<Resource> = defineKind({
  version: "v1",
  kind: "Note",
  plural: "notes",
  scope: "Namespaced",
});

/** Label and field follow from the token. */
export function itemOf(
  namespace: string,
  name: string,
  token: string,
): Omit<Item, "metadata" | "kind" | "apiVersion"> & {
  metadata: { namespace: string; name: string; labels: Record<string, string> };
} {
  const { app, node } = tokenIn(token);
  return { metadata: { namespace, name, labels: { app } }, spec: { token, node } };
}

export function keyOf(item: Item): string {
  return `/registry/items/${item.metadata.namespace}/${item.metadata.name}`;
}
