/** The input of a world's checks: the truth, the recorded calls and results, and the plan. */

import type { Plan } from "../plan.ts";
import type { Eras } from "./eras.ts";
import type { Recorder } from "./recorder.ts";

export interface WorldFacts {
  readonly eras: Eras;
  readonly recorder: Recorder;
  readonly plan: Plan;
  /** Leases were ended early: their objects may be deleted early. */
  readonly leasesForced: boolean;
}
