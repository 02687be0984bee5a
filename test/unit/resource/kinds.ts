/** Kinds and objects for resource tests. */
import { defineKind, definitionOf } from "../../../src/resource/model/define-kind.ts";
import type { KindDefinition } from "../../../src/resource/model/kind.ts";
import type { ObjectMeta, Resource } from "../../../src/resource/model/resource.ts";
import { namespacedKind } from "../../support/kinds.ts";

export interface Widget extends Resource {
  spec?: { size?: number | undefined; node?: string | undefined } | undefined;
  status?: { ready?: boolean | undefined } | undefined;
}

/** Namespaced, with a status subresource and a field. */
export const widgets: KindDefinition<Widget> = definitionOf(
  namespacedKind<Widget>("Widget", {
    group: "example.com",
    status: true,
    fields: { "spec.node": (widget) => widget.spec?.node },
    validate: (widget, old) => [
      ...((widget.spec?.size ?? 0) < 0 ? [{ field: "spec.size", message: "expected at least 0" }] : []),
      ...(old !== undefined && old.spec?.node !== undefined && widget.spec?.node !== old.spec.node
        ? [{ field: "spec.node", message: "expected no change once set" }]
        : []),
    ],
  }),
);

/** Cluster-scoped, without a status subresource. */
export const gears: KindDefinition<Widget> = definitionOf(
  defineKind<Widget>({ version: "v1", kind: "Gear", plural: "gears", scope: "Cluster" }),
);

/** A stored widget. */
export function widget(metadata: Partial<ObjectMeta> = {}, content: Partial<Widget> = {}): Widget {
  return {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: {
      name: "w",
      namespace: "a",
      uid: "11111111-2222-4333-8444-555555555555",
      resourceVersion: "7",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
    },
    ...content,
  };
}
