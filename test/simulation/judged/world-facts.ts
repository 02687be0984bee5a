/** What the checks of a world go by: what happened, what was asked and told, and what it was meant to be. */

import type { Plan } from "../plan.ts";
import type { Eras } from "./eras.ts";
import type { Recorder } from "./recorder.ts";

export interface WorldFacts {
  readonly eras: Eras;
  readonly recorder: Recorder;
  readonly plan: Plan;
  /** Leases were ended before their time: objects on them may go early. */
  readonly leasesForced: boolean;
}
