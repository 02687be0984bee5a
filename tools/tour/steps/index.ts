/** The steps of the tour, in order. A later part of keelson adds its own here. */
import type { Step } from "../step.ts";
import { contend } from "./contend.ts";
import { create } from "./create.ts";
import { deleteGuarded } from "./delete.ts";
import { expire } from "./expire.ts";
import { list } from "./list.ts";
import { page } from "./page.ts";
import { quota } from "./quota.ts";
import { race } from "./race.ts";
import { rawKeys } from "./raw-keys.ts";
import { resume } from "./resume.ts";
import { select } from "./select.ts";
import { snapshot } from "./snapshot.ts";
import { watch } from "./watch.ts";

export const tourSteps: readonly Step[] = [
  create,
  list,
  page,
  race,
  contend,
  watch,
  resume,
  select,
  deleteGuarded,
  expire,
  quota,
  rawKeys,
  snapshot,
];
