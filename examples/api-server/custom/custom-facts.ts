/** One version of a custom kind, as its definition describes it. */
import type { PrinterColumn } from "keelson/kubernetes";
import type { Json } from "../defaults/rules.ts";

export interface CustomFacts {
  readonly version: string;
  readonly served: boolean;
  /** `openAPIV3Schema`; undefined: any object is valid. */
  readonly schema: Json | undefined;
  readonly columns: readonly PrinterColumn[];
}
