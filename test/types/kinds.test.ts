/** The compiler's view of kinds, drafts and selectors. */
import { expectTypeOf, test } from "vitest";
import { defineKind } from "../../src/resource/model/define-kind.ts";
import type { Kind } from "../../src/resource/model/kind.ts";
import { namespaceKind } from "../../src/resource/model/namespace-kind.ts";
import type { AnyResource, Draft, Namespace, Resource } from "../../src/resource/model/resource.ts";

interface Pod extends Resource {
  spec: { nodeName?: string };
  status?: { phase?: string };
}
const podSpec = { version: "v1", kind: "Pod", plural: "pods", scope: "Namespaced" } as const;

test("a kind of a type is a kind, and carries its type", () => {
  const pods = defineKind<Pod>(podSpec);
  expectTypeOf(pods).toEqualTypeOf<Kind<Pod>>();
  expectTypeOf(pods).toExtend<Kind>();
  expectTypeOf(namespaceKind).toEqualTypeOf<Kind<Namespace>>();
});

test("fields and measure see the type", () => {
  defineKind<Pod>({
    ...podSpec,
    fields: { "spec.nodeName": (pod) => pod.spec.nodeName },
    // @ts-expect-error: a Pod has no such field
    measure: (pod) => ({ x: pod.spec.size }),
  });
});

test("indexes name a label or a field", () => {
  defineKind<Pod>({ ...podSpec, indexes: ["label:app", "field:metadata.name"] });
  // @ts-expect-error: neither
  const wrong = (): unknown => defineKind<Pod>({ ...podSpec, indexes: ["app"] });
  expectTypeOf(wrong).toBeFunction();
});

test("every object is a draft of itself; a draft needs a name or generateName, and no status", () => {
  expectTypeOf<Pod>().toExtend<Draft<Pod>>();
  expectTypeOf<AnyResource>().toExtend<Draft<AnyResource>>();
  expectTypeOf<{ metadata: { name: string }; spec: { nodeName: string } }>().toExtend<Draft<Pod>>();
  expectTypeOf<{ metadata: { generateName: string }; spec: object }>().toExtend<Draft<Pod>>();
  expectTypeOf<{ metadata: { namespace: string }; spec: object }>().not.toExtend<Draft<Pod>>();
  expectTypeOf<{ metadata: { name: string } }>().not.toExtend<Draft<Pod>>();
});
