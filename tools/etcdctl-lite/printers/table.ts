/** `-w table`: members, endpoints and snapshots; nothing else has columns. */
import type { Result } from "../results.ts";
import { drawTable } from "../text/table.ts";
import { type Printer, type PrinterOptions, refuseFormat } from "./printer.ts";
import {
  hashHeaders,
  hashRow,
  healthHeaders,
  healthRow,
  memberHeaders,
  memberRow,
  snapshotHeaders,
  snapshotRow,
  statusHeaders,
  statusRow,
} from "./rows.ts";

export function tablePrinter({ io }: PrinterOptions): Printer {
  return { print: (result) => void io.stdout.write(tableOf(result)) };
}

function tableOf(result: Result): string {
  switch (result.type) {
    case "member-list":
      return drawTable(memberHeaders, result.members.map(memberRow));
    case "endpoint-health":
      return drawTable(healthHeaders, result.endpoints.map(healthRow));
    case "endpoint-status":
      return drawTable(statusHeaders, result.endpoints.map(statusRow));
    case "endpoint-hashkv":
      return drawTable(hashHeaders, result.endpoints.map(hashRow));
    case "snapshot-status":
      return drawTable(snapshotHeaders(result), [snapshotRow(result)]);
    default:
      return refuseFormat("table");
  }
}
