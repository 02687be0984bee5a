/** Converts objects between the client's version and the stored version. */
import type { AnyResource, Draft, Resource } from "keelson";
import { defineView, type View } from "keelson";
import type { Json } from "../defaults/rules.ts";
import { apiVersionOf, type Served } from "./served.ts";

/** A client's object, which is of the kind and version of its path, in the stored version. */
export function storedForm(served: Served, object: Json): Draft<AnyResource> {
  const { stored = served } = served;
  const content = served.shape?.newer?.(object) ?? object;
  // The store validates the object and reports each fault by its field.
  return { ...content, apiVersion: apiVersionOf(stored), kind: stored.kind } as unknown as Draft<AnyResource>;
}

/** A stored object in the version of the path. */
export function servedForm(served: Served, object: Resource): Json {
  const content = object as unknown as Json;
  if (served.shape === undefined) return content;
  const { older } = served.shape;
  return { ...(older?.(content) ?? content), apiVersion: apiVersionOf(served), kind: served.kind };
}

const views = new WeakMap<Served, View<Resource, Resource>>();

/** The view of a kind in one of its older versions; undefined: it is served as it is stored. */
export function versionView(served: Served): View<Resource, Resource> | undefined {
  if (served.shape === undefined) return undefined;
  let view = views.get(served);
  if (view === undefined) {
    const project = (object: Resource): Resource => servedForm(served, object) as unknown as Resource;
    view = defineView<Resource, Resource>({ name: `as ${apiVersionOf(served)}`, project });
    views.set(served, view);
  }
  return view;
}
