/**
 * What is particular to one built-in kind's life, asked by the writes of every kind: namespaces are born Active,
 * are Terminating when marked, and are held until they are empty. Ordinary kinds have none.
 */

import type { AnyResource } from "../../resource/model/resource.ts";
import type { DeletionStep } from "../../resource/objects/deletion.ts";

export interface ObjectLifecycle {
  /** The object to be created, from the one a draft gave. */
  created(object: AnyResource): AnyResource;
  /** @throws what refuses the deletion of this object */
  deleting(current: AnyResource): void;
  /** What is stored instead of `step` when something holds the object besides finalizers and grace; undefined: `step` it is. */
  marked(current: AnyResource, step: DeletionStep<AnyResource>): AnyResource | undefined;
  /** True while something besides finalizers and a grace period keeps a marked object. */
  isHeld(object: AnyResource): boolean;
}
