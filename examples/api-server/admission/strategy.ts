/** What a kind may do on create and update, and what it may use for that. */
import type { Store } from "keelson";
import type { Json } from "../defaults/rules.ts";

export interface AdmissionContext {
  readonly store: Store;
  /** A dry run: admission may not write anything, either. */
  readonly dryRun: boolean;
}

export interface Strategy {
  create?(object: Json, context: AdmissionContext): void | Promise<void>;
  update?(object: Json, current: Json, context: AdmissionContext): void | Promise<void>;
}
