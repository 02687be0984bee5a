/** `-w table`: members, endpoints and snapshots; nothing else has columns. */
import type { Result } from "../results.ts";
import { drawPlainTable, drawTable } from "../text/table.ts";
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
import type { ToolLine } from "./tool-line.ts";

export function tablePrinter({ io, line }: PrinterOptions): Printer {
  return { print: (result) => void io.stdout.write(tableOf(result, line())) };
}

function tableOf(result: Result, line: ToolLine): string {
  const draw = line === "3.6" ? drawPlainTable : drawTable;
  switch (result.type) {
    case "member-list":
      return draw(memberHeaders, result.members.map(memberRow));
    case "endpoint-health":
      return draw(healthHeaders(result.endpoints), result.endpoints.map(healthRow));
    case "endpoint-status":
      return draw(
        statusHeaders(line),
        result.endpoints.map((status) => statusRow(status, line)),
      );
    case "endpoint-hashkv":
      return draw(
        hashHeaders(line),
        result.endpoints.map((hash) => hashRow(hash, line)),
      );
    case "snapshot-status":
      // A snapshot has its own release, since no server was contacted.
      return (result.version === undefined ? drawTable : drawPlainTable)(snapshotHeaders(result), [
        snapshotRow(result),
      ]);
    default:
      return refuseFormat("table");
  }
}
