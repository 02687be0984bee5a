/**
 * The special lifecycle of one built-in kind, which the writes of every kind consult: namespaces are created Active,
 * are Terminating when marked, and are held until they are empty. Ordinary kinds have none.
 */

import type { AnyResource } from "../../resource/model/resource.ts";
import type { DeletionStep } from "../../resource/objects/deletion.ts";

export interface ObjectLifecycle {
  /** The object to be created, from the one that a draft gave. */
  created(object: AnyResource): AnyResource;
  /** @throws an error that refuses the deletion of this object */
  deleting(current: AnyResource): void;
  /** The object to store instead of `step` when more than finalizers and grace holds it; undefined: `step`. */
  marked(current: AnyResource, step: DeletionStep<AnyResource>): AnyResource | undefined;
  /** True while something besides finalizers and a grace period keeps a marked object. */
  isHeld(object: AnyResource): boolean;
}
