/** What a definition says of one version of a custom kind. */
import type { PrinterColumn } from "keelson/kubernetes";
import type { Json } from "../defaults/rules.ts";

export interface CustomFacts {
  readonly version: string;
  readonly served: boolean;
  /** `openAPIV3Schema`; undefined: anything goes. */
  readonly schema: Json | undefined;
  readonly columns: readonly PrinterColumn[];
}
