/** The columns of every kind that has its own, by resource name; name and age for the rest. */

import { storedName } from "../admission/admission.ts";
import type { Served } from "../api/served.ts";
import { age, type Column, nameColumn } from "./column.ts";
import { customColumns } from "./custom.ts";
import { otherColumns } from "./others.ts";
import { podColumns } from "./pods.ts";
import { workloadColumns } from "./workloads.ts";

const columns: Readonly<Record<string, readonly Column[]>> = {
  ...otherColumns,
  ...workloadColumns,
  pods: podColumns,
};

export const columnsOf = (served: Served): readonly Column[] =>
  served.custom === undefined
    ? (columns[storedName(served)] ?? [nameColumn, age])
    : customColumns(served.custom);
