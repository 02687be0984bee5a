/** Kinds that tests of every part define: most need only a name and a namespace. */
import { defineKind, type Kind, type KindSpec, type Resource } from "../../src/index.ts";

/** Namespaced, of version v1, its plural with an "s", in the core group unless `more` says otherwise: "Widget" is at `widgets`. */
export function namespacedKind<T extends Resource = Resource>(
  kind: string,
  more: Partial<KindSpec<T>> = {},
): Kind<T> {
  return defineKind<T>({
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    scope: "Namespaced",
    ...more,
  });
}
