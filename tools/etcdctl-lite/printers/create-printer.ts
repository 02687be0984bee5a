/** The printer of a format, by its name in `--write-out`; only the requested one is loaded. */
import { badFeature } from "../cli/failure.ts";
import type { Printer, PrinterOptions } from "./printer.ts";

/** @throws CliFailure for a format that does not exist */
export async function createPrinter(format: string, options: PrinterOptions): Promise<Printer> {
  switch (format) {
    case "simple":
      return (await import("./simple.ts")).simplePrinter(options);
    case "json":
      return (await import("./json.ts")).jsonPrinter(options);
    case "fields":
      return (await import("./fields.ts")).fieldsPrinter(options);
    case "table":
      return (await import("./table.ts")).tablePrinter(options);
    case "protobuf":
      return (await import("./protobuf.ts")).protobufPrinter(options);
    default:
      throw badFeature("unsupported output format");
  }
}
